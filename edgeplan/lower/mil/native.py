"""Ops written in MIL already: the domain `mil` in ONNX text, which is how rule rows show what no ONNX op lowers to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from edgeplan.graph import Op
from edgeplan.lower.builder import Builder
from edgeplan.shipped import shipped

__all__ = ["keep_mil"]


def keep_mil(op: Op, b: Builder) -> bool:
    """The op without its domain, its ports named in the order of coremltools' registry; False for one it does not list.

    Before: `y = mil.gather <axis = 0> (x, i)`
    After:  `y = gather(x=x, indices=i, axis=0)`
    """
    names = _ports().get(op.type)
    if names is None or len(op.inputs) > len(names):
        return False
    b.emit(op.type, dict(zip(names, op.inputs, strict=False)), to=op.outputs, attrs=op.attrs, bodies=op.bodies)
    return True


@lru_cache(maxsize=1)
def _ports() -> Mapping[str, tuple[str, ...]]:
    """The inputs of every MIL op, as its newest release has them; source: `rules/coreml/mil.json`."""
    registry = json.loads((shipped("_rules", "rules") / "coreml" / "mil.json").read_text("utf-8"))["ops"]
    return {op: tuple(list(releases.values())[-1]["inputs"]) for op, releases in registry.items()}
