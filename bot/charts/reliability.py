"""Reliability: how often the target came first, where the odds said so.

Refuses points without their uncertainty: a bin of few candidates proves little, and shows it.
"""

from __future__ import annotations

from bot.charts.canvas import ENTRY, FAINT, SMALL, TEXT, new_figure, png_of, title
from engine.facade.research import ReliabilityBin

_HEIGHT = 5.2
_PIPELINE, _MARTINGALE = "pipeline", "martingale"


def render_reliability(group: str, bins: dict[str, tuple[ReliabilityBin, ...]]) -> bytes:
    """Reliability diagram as PNG.

    Parameters
    ----------
    bins : dict of model to its bins
        With ``pipeline`` and ``martingale``.

    Raises
    ------
    ValueError
        If a model has no bins.
    """
    if not all(bins.get(name) for name in (_PIPELINE, _MARTINGALE)):
        raise ValueError(f"{group} needs bins of {_PIPELINE} and {_MARTINGALE}")
    figure, axes = new_figure(_HEIGHT, right=0.9, left=0.1)
    axes.yaxis.tick_left()
    shown = [each for name in (_PIPELINE, _MARTINGALE) for each in bins[name]]
    axes.plot([0.0, 1.0], [0.0, 1.0], color=FAINT, linewidth=1.2, linestyle="--")
    for name, colour, shape in ((_MARTINGALE, FAINT, "s"), (_PIPELINE, ENTRY, "o")):
        points = bins[name]
        axes.errorbar(
            [each.odds for each in points],
            [each.rate for each in points],
            yerr=[
                [each.rate - each.low for each in points],
                [each.high - each.rate for each in points],
            ],
            fmt=shape, color=colour, ecolor=colour, elinewidth=1.4, capsize=3, markersize=6,
            label="driftless price" if name == _MARTINGALE else name,
        )  # fmt: skip
    least, most = min(each.odds for each in shown), max(each.odds for each in shown)
    margin = 0.1 * (most - least) + 0.01
    axes.set_xlim(max(0.0, least - margin), min(1.0, most + margin))
    axes.set_ylim(0.0, min(1.0, 1.15 * max(each.high for each in shown)))
    axes.text(
        0.99, 0.02, "odds given", transform=axes.transAxes, color=FAINT, fontsize=SMALL,
        ha="right", va="bottom",
    )  # fmt: skip
    axes.legend(frameon=False, labelcolor=TEXT, fontsize=SMALL, loc="upper left")
    count = sum(each.count for each in bins[_PIPELINE])
    title(
        figure,
        f"{group}: do the odds keep their word?",
        f"share that came true · {count} candidates in {len(bins[_PIPELINE])} bins, 95 % bounds",
    )
    return png_of(figure)
