"""``executor doctor``: how a finding is printed.

Refuses to judge: what is fatal is the engine's word.
"""

from __future__ import annotations

from rich.markup import escape

from engine.facade import Finding, Health

_SIGNS = {Health.GOOD: "[green]✓[/]", Health.NOTE: "[yellow]·[/]", Health.BAD: "[red]✗[/]"}


def line_of(finding: Finding) -> str:
    """One finding as a line with its mend."""
    mend = f"\n    [dim]→ {escape(finding.mend)}[/]" if finding.mend else ""
    return f"{_SIGNS[finding.health]} [bold]{finding.thing}[/]: {escape(finding.detail)}{mend}"
