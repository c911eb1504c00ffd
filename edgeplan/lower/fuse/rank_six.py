"""Transposes of tensors of six axes that a runtime does with five."""

from __future__ import annotations

from edgeplan.graph import Attr
from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["fuse_rank_six"]


def fuse_rank_six(m: Matcher, index: int) -> Fused | None:
    """A transpose between two reshapes, one of whose six axes has one element and stays where it is (onnxruntime-qnn,
    qnn_node_group/reshape_transpose_rank5.cc at cee6c0d9).

    Before: `a = Reshape(x, [1, 8, 7, 8, 7, 96]); b = Transpose<perm = 0, 1, 3, 2, 4, 5>(a); y = Reshape(b, s)`
    After:  `y = Transpose<perm = 0, 2, 1, 3, 4>(x)`, x and y looked at under other shapes
    """
    middle = m.producer(m.op(index).inputs[0], "Transpose")
    if middle is None or m.sole(m.op(middle).outputs[0]) != index:
        return None
    first = m.producer(m.op(middle).inputs[0], "Reshape")
    if first is None or m.sole(m.op(first).outputs[0]) != middle:
        return None
    if not all(m.value(m.op(at).inputs[1]).const for at in (first, index)):
        return None
    before, perm = m.value(m.op(first).outputs[0]).shape, m.op(middle).attrs.get("perm")
    if before is None or len(before) != 6 or not isinstance(perm, tuple):
        return None
    if _joined_before(m, first):
        return None
    unit = next((axis for axis, size in enumerate(before) if size == 1 and perm[axis] == axis), None)
    if unit is None:
        return None
    axes = tuple(a - (a > unit) for a in perm if isinstance(a, int) and a != unit)
    source = m.op(first)
    attrs: dict[str, Attr] = {"perm": axes}
    if _after_product(m, source.inputs[0], first):
        attrs["after_product"] = 1
    if _into_six_axes(m, index):
        attrs["into_six_axes"] = 1
    return Fused("Transpose", source.inputs[:1], ("data",), m.op(index).outputs, attrs, (first, middle, index))


def _joined_before(m: Matcher, first: int) -> bool:
    """The group before has taken this reshape into its last one."""
    name = m.op(first).inputs[0]
    while (maker := m.producer(name, "Reshape")) is not None:
        name = m.op(maker).inputs[0]
    before = m.producer(name, "Transpose")
    return before is not None and bool(m.op(before).attrs.get("into_six_axes"))


def _into_six_axes(m: Matcher, index: int) -> bool:
    """More reshapes follow, each read by the next alone, and the last makes more than five axes: ONNX Runtime makes one
    reshape of them (ReshapeFusion, FuseContiguousReshapes), which then ends the group.
    """
    result = m.op(index).outputs[0]
    while (reader := m.sole(result)) is not None and m.op(reader).type == "Reshape" and result not in m.graph.outputs:
        result = m.op(reader).outputs[0]
    return result != m.op(index).outputs[0] and len(m.value(result).shape or ()) > 5


def _after_product(m: Matcher, name: str, reader: int) -> bool:
    """A product with constant weights and a constant bias of more than two axes, read by nothing else: ONNX Runtime
    makes Reshape, Gemm and Reshape of it (MatMulAddFusion) and joins the last one with the reshape that reads it.
    """
    add = m.producer(name, "Add")
    if add is None or m.sole(name) != reader:
        return False
    for data, bias in m.operands(add):
        product = m.producer(data, "MatMul")
        if product is not None and m.value(bias).const and m.sole(data) == add:
            a, b = m.op(product).inputs[:2]
            return m.value(b).const and len(m.value(b).shape or ()) == 2 < len(m.value(a).shape or ())
    return False
