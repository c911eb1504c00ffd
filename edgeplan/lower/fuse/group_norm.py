"""Group normalisation, which exporters before opset 18 write as an instance norm of a reshaped tensor."""

from __future__ import annotations

from edgeplan.graph import Attr, Value
from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["fuse_group_norm"]


def fuse_group_norm(m: Matcher, index: int) -> Fused | None:
    """The instance norm in the middle, with the reshapes, the scale and the shift around it.

    Before: `r = Reshape(x); n = InstanceNormalization(r, ones, zeros); b = Reshape(n); y = b * gamma + beta`,
            r of shape (N, groups, rest), b of the shape of x, gamma and beta one element a channel
    After:  `y = GroupNormalization<num_groups, epsilon>(x, gamma, beta)`
    """
    op = m.op(index)
    if len(op.inputs) != 3:
        return None
    narrow, ones, zeros = op.inputs
    if m.scalar(ones) != 1.0 or m.scalar(zeros) != 0.0:
        return None
    before = m.producer(narrow, "Reshape")
    back = m.sole(op.outputs[0])
    if before is None or back is None or m.sole(narrow) != index or m.op(back).type != "Reshape" or m.op(back).domain:
        return None
    x, restored = m.op(before).inputs[0], m.op(back).outputs[0]
    shape, groups = m.value(x).shape, m.value(narrow).shape
    if shape is None or groups is None or len(shape) < 3 or len(groups) != 3 or m.value(restored).shape != shape:
        return None
    channels, count = shape[1], groups[1]
    if (
        not isinstance(channels, int)
        or not isinstance(count, int)
        or count < 1
        or channels % count
        or groups[0] != shape[0]
    ):
        return None
    gone, made, out = [before, index, back], [], restored
    for kind, name in (("Mul", "scale"), ("Add", "bias")):
        at = m.sole(out)
        if at is None or m.op(at).domain or m.op(at).type != kind:
            return None
        other = next((b for a, b in m.operands(at) if a == out), None)
        if (
            other is None
            or not m.value(other).const
            or not m.per_channel(other, restored)
            or m.value(other).elements != channels
        ):
            return None
        out = m.op(at).outputs[0]
        made.append(Value(f"{out}/{name}", m.value(other).dtype, (channels,), True))
        gone.append(at)
    attrs: dict[str, Attr] = {"num_groups": count, "epsilon": op.attrs.get("epsilon", 1e-5)}
    inputs = (x, *(v.name for v in made))
    return Fused("GroupNormalization", inputs, ("X", "scale", "bias"), (out,), attrs, tuple(gone), tuple(made))
