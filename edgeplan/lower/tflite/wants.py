"""Which axis order the readers of each value want, told by one walk from the last op to the first."""

from __future__ import annotations

from collections.abc import Mapping

from edgeplan.graph import Graph, Op
from edgeplan.lower.attributes import integers
from edgeplan.lower.tflite.layout import Layout, channels_last

__all__ = ["wants_of"]


def wants_of(graph: Graph, layouts: Mapping[str, Layout]) -> dict[str, Layout]:
    """Value name to `LAST` when a spatial op reads it, directly or through ops that take any order, else `NATIVE` when
    an op bound to the source's order does. Values that nothing of the kind reads are absent.
    """
    found: dict[str, Layout] = {}
    for op in reversed(graph.ops):
        layout = layouts.get(op.label if op.domain else op.type, Layout.NATIVE)
        if op.type == "Transpose":
            wish = _behind(op, found.get(op.outputs[0]) if op.outputs else None)
            if wish is not None and (wish is Layout.LAST or op.inputs[0] not in found):
                found[op.inputs[0]] = wish
        elif layout is Layout.ANY:
            wish = found.get(op.outputs[0]) if op.outputs else None
            if wish is not None:
                for name in op.inputs:
                    if wish is Layout.LAST or name not in found:
                        found[name] = wish
        elif layout is Layout.LAST:
            if op.inputs:
                found[op.inputs[0]] = Layout.LAST
            for name in op.inputs[1:]:
                found.setdefault(name, Layout.NATIVE)
        else:
            for name in op.inputs:
                found.setdefault(name, Layout.NATIVE)
    return found


def _behind(op: Op, wish: Layout | None) -> Layout | None:
    """What a transpose's input should be held in for its output to be there in the order wished, no element moved."""
    perm = integers(op, "perm", ())
    if wish is None or not perm or not op.inputs or sorted(perm) != list(range(len(perm))):
        return None
    last = channels_last(len(perm)) or tuple(range(len(perm)))
    order = tuple(perm[a] for a in last) if wish is Layout.LAST else perm
    if order == tuple(range(len(perm))):
        return Layout.NATIVE
    return Layout.LAST if order == last and wish is Layout.LAST else None
