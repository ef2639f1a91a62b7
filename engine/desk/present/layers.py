"""Views of the twelve layers: what each said, and which way it moved the odds.

Refuses to leave one out.
"""

from __future__ import annotations

from engine.model.setups import Assessment, LayerRole
from engine.probability.pipeline import LAYERS
from engine.views import LayerView


def layer_views(assessment: Assessment) -> tuple[LayerView, ...]:
    """All twelve layers in order, each with what it said of `assessment`."""
    said = {reading.name: reading for reading in assessment.readings}
    return tuple(
        LayerView(
            number=spec.number,
            name=spec.name,
            title=spec.title,
            role=spec.role,
            summary=spec.summary,
            reading=said[spec.name],
            contribution=said[spec.name].weight * said[spec.name].llr,
        )
        for spec in LAYERS
    )


def sides(assessment: Assessment) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sentences of the layers that raised the odds, and of those that lowered them."""
    moved = [
        layer
        for layer in layer_views(assessment)
        if layer.contribution != 0 and layer.role in (LayerRole.EVIDENCE, LayerRole.CONTEXT)
    ]
    moved.sort(key=lambda layer: -abs(layer.contribution))
    told = [(layer.contribution > 0, f"{layer.title}: {layer.reading.reason}") for layer in moved]
    return tuple(t for up, t in told if up), tuple(t for up, t in told if not up)
