"""Whether what a plan says of an ONNX model is also true of the file that a converter made of it."""

from __future__ import annotations

from collections import Counter

from edgeplan.cost.work import work_of
from edgeplan.graph import Graph
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.target import Target
from edgeplan.verify.agreement import Converted, OpCount, Side
from edgeplan.verify.tflite.conversion import Conversion

__all__ = ["beside"]

_POINT = 0.01


def beside(model: Graph, file: Graph, target: Target, conversion: Conversion) -> Converted:
    """Plan both on the target and compare what stays on its first unit.

    Converters choose other ops for the same thing, so ops are counted only where they leave the unit.
    """
    unit = target.units[0].name
    ours, off = _side(lower_for(model, target), target, unit)
    theirs, file_off = _side(lower_for(file, target), target, unit)
    differing = [t for t in {*off, *file_off} if off[t] != file_off[t]]
    left = tuple(OpCount(t, off[t], file_off[t]) for t in sorted(differing))
    said = conversion.answer.said
    facts = {f.name: f.value for f in said.facts}
    checked = max((v for name, v in facts.items() if name.startswith("difference ")), default=0) / 1e9
    tool = next((f"{name} {version}" for name, version in said.versions.items()), conversion.answer.referee)
    same = ours.parts == theirs.parts and abs(ours.work_left - theirs.work_left) < _POINT
    return Converted(tool, checked, facts.get("drawn", 0), ours, theirs, left, same)


def _side(graph: Graph, target: Target, unit: str) -> tuple[Side, Counter[str]]:
    placement = place(graph, target)
    work = [work_of(graph, op) for op in graph.ops]
    weigh = [w.macs or 0 for w in work]
    if not any(weigh):
        weigh = [w.moved or 0 for w in work]
    left = [i for i, where in enumerate(placement.units) if where != unit]
    total = sum(weigh)
    side = Side(
        len(graph.ops),
        sum(s.unit == unit for s in placement.segments),
        len(left) / len(graph.ops) if graph.ops else 0.0,
        sum(weigh[i] for i in left) / total if total else 0.0,
    )
    return side, Counter(graph.ops[i].label for i in left)
