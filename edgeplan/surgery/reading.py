"""Proves by reading what cannot be run: that new ops are, one by one, those of the branch an If takes.

Values whose rank nothing tells, and branches that hold a whole network's weights, cannot be run as a small model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import onnx_ir as ir

from edgeplan.surgery.bodies import as_it_is
from edgeplan.surgery.looking import attribute, bodies, captured, scalar
from edgeplan.surgery.rewrite import Replacement

__all__ = ["reads_as_branch"]

Same = dict[ir.Value, ir.Value]
"""Values of a branch, each with the one that stands for it."""


def reads_as_branch(new: Replacement) -> bool:
    """Whether a replacement of an If is the branch its known condition takes, written out."""
    node = new.old[0]
    if len(new.old) != 1 or node.op_type != "If" or node.domain != "":
        return False
    holds = scalar(node.inputs[0])
    branch = None if holds is None else attribute(node, "then_branch" if holds else "else_branch")
    if branch is None or any(f.compute is not as_it_is or len(f.sources) != 1 for f in new.folded):
        return False
    same: Same = {f.sources[0]: f.value for f in new.folded}
    if not _alike(_needed(branch), new.new, same):
        return False
    outputs = dict(new.outputs)
    wanted = zip(node.outputs, branch.outputs, strict=True)
    return len(outputs) == len(node.outputs) and all(outputs.get(out) is same.get(v, v) for out, v in wanted)


def _needed(branch: ir.Graph) -> list[ir.Node]:
    """The nodes of a branch, in order, without those nothing it gives depends on."""
    read = set(branch.outputs)
    found = []
    for node in reversed(branch):
        if any(out in read for out in node.outputs):
            found.append(node)
            read.update(v for v in (*node.inputs, *captured(node)) if v is not None)
    return found[::-1]


def _alike(old: Sequence[ir.Node], new: Sequence[ir.Node], same: Same) -> bool:
    """Whether nodes are the same ops, set alike, on the same values; notes what stands for what they make."""
    return len(old) == len(new) and all(_node(a, b, same) for a, b in zip(old, new, strict=True))


def _node(old: ir.Node, new: ir.Node, same: Same) -> bool:
    named = (old.domain, old.op_type, old.overload) == (new.domain, new.op_type, new.overload)
    if not named or len(old.outputs) != len(new.outputs) or not _stand(old.inputs, new.inputs, same):
        return False
    same.update(zip(old.outputs, new.outputs, strict=True))
    plain, copied = _plain(old), _plain(new)
    if plain.keys() != copied.keys() or any(plain[k] is not copied[k] and plain[k] != copied[k] for k in plain):
        return False
    inside = bodies(old), bodies(new)
    return len(inside[0]) == len(inside[1]) and all(_body(a, b, same) for a, b in zip(*inside, strict=True))


def _body(old: ir.Graph, new: ir.Graph, same: Same) -> bool:
    weights = list(old.initializers.values()), list(new.initializers.values())
    if len(old.inputs) != len(new.inputs) or len(weights[0]) != len(weights[1]):
        return False
    if any(a.const_value is not b.const_value for a, b in zip(*weights, strict=True)):
        return False
    same.update(zip((*old.inputs, *weights[0]), (*new.inputs, *weights[1]), strict=True))
    return _alike(list(old), list(new), same) and _stand(old.outputs, new.outputs, same)


def _stand(old: Iterable[ir.Value | None], new: Iterable[ir.Value | None], same: Same) -> bool:
    """Whether values are the old ones, or what stands for them."""
    before, after = list(old), list(new)
    if len(before) != len(after):
        return False
    return all((a if a is None else same.get(a, a)) is b for a, b in zip(before, after, strict=True))


def _plain(node: ir.Node) -> dict[str, ir.Attr]:
    kinds = (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
    return {name: attr for name, attr in node.attributes.items() if attr.type not in kinds}
