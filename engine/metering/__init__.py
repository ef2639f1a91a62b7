"""What the desk itself costs to run: models, electricity, and the fees of its trades beside them.

Refuses to stop anything by itself: it counts, and says how much of a budget is left.
"""

from engine.metering.bill import Bill, EnergyUse, ModelLine, bill_of
from engine.metering.budget import budget_left
from engine.metering.plan import MeterPlan, PowerPlan, meter_plan_of
from engine.metering.prices import ModelPrice, Usage, cost_usd, price_at

__all__ = [
    "Bill",
    "EnergyUse",
    "MeterPlan",
    "ModelLine",
    "ModelPrice",
    "PowerPlan",
    "Usage",
    "bill_of",
    "budget_left",
    "cost_usd",
    "meter_plan_of",
    "price_at",
]
