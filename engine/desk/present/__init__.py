"""From the ledger to views: what the desk's guests are shown, by subject.

Refuses to change anything, and waits for nothing but a chart's history and the journal.
"""

from __future__ import annotations

from engine.desk.present.charts import Charts
from engine.desk.present.context import Context
from engine.desk.present.holdings import Holdings, order_view
from engine.desk.present.layers import layer_views
from engine.desk.present.oversight import Oversight
from engine.desk.present.proposals import Proposals
from engine.desk.present.research import Research
from engine.desk.present.sharia import Sharia
from engine.desk.present.voices import Voices
from engine.desk.present.witnesses import Scouts

__all__ = ["Context", "Present", "layer_views", "order_view"]


class Present:
    """Views of one ledger.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self.ledger = context.ledger
        self.research = Research(context)
        self.charts = Charts(context)
        self.proposals = Proposals(context)
        self.holdings = Holdings(context)
        self.oversight = Oversight(context)
        self.sharia = Sharia(context)
        self.voices = Voices(context)
        self.scouts = Scouts(context)
