"""Layer normalisation taken apart into means, squares and a root."""

from __future__ import annotations

from edgeplan.graph import Attr, Value
from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["fuse_layer_norm"]


def fuse_layer_norm(m: Matcher, index: int) -> Fused | None:
    """The division that ends a normalisation, and the scale and shift after it when they are constants.

    Before: `d = x - ReduceMean(x); v = ReduceMean(d ** 2); n = d / Sqrt(v + eps); y = n * gamma + beta`
    After:  `y = LayerNormalization<axis, epsilon>(x, gamma, beta)`
    """
    op = m.op(index)
    centred, root = op.inputs
    gone = [index]
    sqrt = m.producer(root, "Sqrt")
    if sqrt is None or m.sole(root) != index:
        return None
    add = m.producer(m.op(sqrt).inputs[0], "Add")
    if add is None or m.sole(m.op(add).outputs[0]) != sqrt:
        return None
    found = next(((v, e) for v, e in m.operands(add) if m.scalar(e) is not None), None)
    variance = None if found is None else m.producer(found[0], "ReduceMean")
    if found is None or variance is None or m.sole(found[0]) != add:
        return None
    square = m.producer(m.op(variance).inputs[0], "Pow", "Mul")
    if square is None or m.sole(m.op(square).outputs[0]) != variance or m.op(square).inputs[0] != centred:
        return None
    if not (m.op(square).inputs[1] == centred or m.close(m.op(square).inputs[1], 2.0)):
        return None
    subtract = m.producer(centred, "Sub")
    if subtract is None or not m.private(centred, 2):
        return None
    x, mean_name = m.op(subtract).inputs
    mean = m.producer(mean_name, "ReduceMean")
    if mean is None or m.op(mean).inputs[0] != x or m.sole(mean_name) != subtract:
        return None
    axes = _axes(m, mean)
    if axes is None or axes != _axes(m, variance):
        return None
    gone = [mean, subtract, square, variance, add, sqrt, index]
    if not m.same_shape(x, op.outputs[0]):
        return None
    inputs, ports, output = _affine(m, x, op.outputs[0], len(axes), gone)
    attrs: dict[str, Attr] = {"axis": axes[0], "epsilon": m.scalar(found[1]) or 0.0}
    made: tuple[Value, ...] = ()
    if len(inputs) == 1:
        shape = m.value(x).shape or ()
        scale = Value(f"{output}/scale", m.value(x).dtype, tuple(shape[axes[0] :]), True)
        inputs, ports, made = (x, scale.name), ("X", "Scale"), (scale,)
    return Fused("LayerNormalization", inputs, ports, (output,), attrs, tuple(gone), made)


def _axes(m: Matcher, index: int) -> tuple[int, ...] | None:
    """The reduced axes when they are the last ones, counted from the end and in order."""
    op = m.op(index)
    given = op.attrs.get("axes")
    if given is None and len(op.inputs) > 1:
        given = m.value(op.inputs[1]).data
    shape = m.value(op.inputs[0]).shape
    if not isinstance(given, tuple) or shape is None or op.attrs.get("keepdims", 1) != 1:
        return None
    axes = sorted(a - len(shape) if isinstance(a, int) and a >= 0 else a for a in given if isinstance(a, int))
    return tuple(axes) if axes == list(range(-len(axes), 0)) and axes else None


def _fits(constant: Value, x: Value, axes: int) -> bool:
    """Whether a constant has the shape of the last axes of `x`, axes of 1 before them set aside."""
    shape, rank = constant.shape or (), len(x.shape or ())
    return axes <= len(shape) <= rank and shape == (1,) * (len(shape) - axes) + (x.shape or ())[rank - axes :]


def _affine(
    m: Matcher, x: str, output: str, axes: int, gone: list[int]
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Take in `* gamma` and `+ beta` behind the normalisation, as far as they are there and of the normalised shape."""
    inputs, ports = [x], ["X"]
    for kind, port in (("Mul", "Scale"), ("Add", "B")):
        reader = m.sole(output)
        if reader is None or m.op(reader).domain or m.op(reader).type != kind:
            break
        other = next((b for a, b in m.operands(reader) if a == output), None)
        if other is None or not m.value(other).const or not _fits(m.value(other), m.value(x), axes):
            break
        inputs.append(other)
        ports.append(port)
        gone.append(reader)
        output = m.op(reader).outputs[0]
    return tuple(inputs), tuple(ports), output
