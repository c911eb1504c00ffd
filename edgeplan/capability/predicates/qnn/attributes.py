"""What the op builders and the HTP's validator refuse by attributes, operands and constants."""

from __future__ import annotations

from collections.abc import Mapping

from edgeplan.capability.predicates.shapes import dynamic_shape
from edgeplan.graph import DType, Op, Value

__all__ = [
    "after_product",
    "computed_bounds",
    "computed_limits",
    "computed_parameters",
    "equation_without_form",
    "even_window",
    "into_six_axes",
    "lacks_elements",
    "larger_than_2x2",
    "more_than_two_operands",
    "named_activations",
    "normalises_several_axes",
    "oblong_stacks",
    "resizes_channels",
    "rounds_unlike_htp",
    "scale_of_other_type",
    "scaled_by_channel",
    "scales_bias",
    "scales_norm",
    "scales_product",
    "several_reduced_axes",
    "several_results",
    "static_shapes",
    "steps_over_integers",
    "strided_dilated_depthwise",
    "uneven_sequences",
    "wide_by_wide",
]


_SCALES: Mapping[DType, tuple[DType, ...]] = {
    DType.UINT8: (DType.UINT8,),
    DType.INT8: (DType.INT8,),
    DType.UINT16: (DType.UINT8, DType.INT16),
}
"""The types that the HTP's LayerNorm takes for the scale of data of a type."""

_OPTIONS = frozenset({"axes", "pads", "roi", "scales", "shape", "sizes"})
"""Ports that stay empty where another one says the same."""


def _sizes(op: Op, name: str) -> tuple[int, ...]:
    found = op.attrs.get(name)
    return tuple(n for n in found if isinstance(n, int)) if isinstance(found, tuple) else ()


def after_product(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The transpose has six axes in the file and follows a product with a bias."""
    return bool(op.attrs.get("after_product"))


def computed_bounds(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A bound is not known before the model runs."""
    return any(not v.const for v in inputs[1:])


def computed_limits(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A number or a threshold behind the two tensors is not known before the model runs."""
    return any(not v.const for v in inputs[2:])


def computed_parameters(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An input other than the data is not known before the model runs."""
    return any(not v.const for v in inputs[1:])


def several_results(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op has more results than its first one."""
    return len(outputs) > 1


def more_than_two_operands(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op has three inputs or more."""
    return len(inputs) > 2


def into_six_axes(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The transpose has six axes in the file, and reshapes behind it end in more than five again."""
    return bool(op.attrs.get("into_six_axes"))


def scales_norm(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The product of a constant, as its first factor, and a root-mean-square norm that is spelled out."""
    return bool(op.attrs.get("scales_norm"))


def scales_product(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The product is multiplied by an alpha other than 1."""
    return op.attrs.get("alpha", 1.0) != 1.0


def scaled_by_channel(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The scale has several elements: one a channel, or one a block."""
    elements = inputs[1].elements if len(inputs) > 1 else None
    return None if elements is None else elements > 1


def scales_bias(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The bias is multiplied by a beta other than 0 and 1."""
    return op.attrs.get("beta", 1.0) not in (0.0, 1.0)


def even_window(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The window spans an even number of channels."""
    size = op.attrs.get("size")
    return isinstance(size, int) and size % 2 == 0


def normalises_several_axes(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The first axis to be normalised is not the last axis of the tensor."""
    axis, shape = op.attrs.get("axis", -1), inputs[0].shape
    if axis == -1:
        return False
    return None if shape is None else axis != len(shape) - 1


def larger_than_2x2(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The matrices have more or fewer than two rows."""
    shape = inputs[0].shape
    if shape is None or not all(isinstance(d, int) for d in shape[-2:]):
        return None
    return shape[-2:] != (2, 2)


def strided_dilated_depthwise(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Every channel has a filter of its own, which is dilated and moves by more than one."""
    strided = any(s > 1 for s in _sizes(op, "strides")) and any(d > 1 for d in _sizes(op, "dilations"))
    if not strided or dynamic_shape(op, inputs, outputs):
        return False
    data, weight = inputs[0].shape, inputs[1].shape
    if data is None or weight is None or len(data) < 2 or not isinstance(data[1], int):
        return None
    return op.attrs.get("group", 1) == data[1] == weight[0]


def wide_by_wide(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Both operands are quantised to 16 bits; a computed unsigned second operand of MatMul does not count."""
    wide = (DType.UINT16, DType.INT16)
    if not op.attrs.get("quantized") or len(inputs) < 2:
        return False
    converted = op.type == "MatMul" and inputs[1].dtype is DType.UINT16 and not inputs[1].const
    return inputs[0].dtype in wide and inputs[1].dtype in wide and not converted


def scale_of_other_type(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The scale is quantised to a type that does not go with that of the data: uint8 goes with uint8, int8 with int8,
    uint8 or int16 with uint16.
    """
    if not op.attrs.get("quantized") or len(inputs) < 2:
        return False
    data, scale = inputs[0].dtype, inputs[1].dtype
    if data is None or scale is None:
        return None
    return data in _SCALES and scale not in _SCALES[data]


def named_activations(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The activations of the gates are named, be they the usual ones."""
    return "activations" in op.attrs


def uneven_sequences(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The lengths of the sequences are computed, or they differ."""
    lengths = next((v for p, v in zip(op.ports, inputs, strict=True) if p == "sequence_lens"), None)
    if lengths is None:
        return False
    return not lengths.const or (None if lengths.data is None else len(set(lengths.data)) > 1)


def several_reduced_axes(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A tensor of five axes is reduced over more or fewer than one of them."""
    shape = inputs[0].shape
    if shape is None or len(shape) != 5:
        return None if shape is None else False
    axes = inputs[1].data if len(inputs) > 1 else op.attrs.get("axes", ())
    return None if axes is None else not isinstance(axes, tuple) or len(axes) != 1


def static_shapes(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """All sizes are known: an op with others is left to the CPU before anything else is looked at."""
    dynamic = dynamic_shape(op, inputs, outputs)
    return None if dynamic is None else not dynamic


_NO_STEP = {3: (0, 2), 4: (0, 1), 5: (1, 2)}
"""Rank to the axes along which the HTP compiler does not take every second integer (runs of 2026-11-22)."""


def steps_over_integers(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """One axis is walked in steps of two or more, and it is one along which there is no such kernel for integers."""
    shape = inputs[0].shape
    given = {p: v.data for p, v in zip(op.ports, inputs, strict=True) if p in ("axes", "steps")}
    steps = given.get("steps", ())
    axes = given.get("axes", tuple(range(len(steps or ()))))
    if steps is None or axes is None or shape is None:
        return None
    stepped = [int(a) % len(shape) for a, s in zip(axes, steps, strict=False) if int(s) != 1]
    return len(stepped) == 1 and max(map(int, steps)) > 1 and stepped[0] in _NO_STEP.get(len(shape), ())


def lacks_elements(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A tensor that the op reads or makes has no elements."""
    return any(v.elements == 0 for p, v in zip(op.ports, inputs, strict=True) if p not in _OPTIONS) or any(
        v.elements == 0 for v in outputs
    )


def rounds_unlike_htp(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The nearest neighbour is found by a rounding that the HTP has not got for this rank and coordinate mapping."""
    if op.attrs.get("mode", "nearest") != "nearest":
        return False
    rounding = op.attrs.get("nearest_mode", "round_prefer_floor")
    mapping = op.attrs.get("coordinate_transformation_mode", "half_pixel")
    if inputs[0].shape is None:
        return None
    if len(inputs[0].shape) == 4:
        return rounding in ("ceil", "round_prefer_floor") and mapping == "asymmetric"
    if rounding == "floor":
        return mapping == "pytorch_half_pixel"
    return rounding != "round_prefer_ceil" or mapping != "align_corners"


def oblong_stacks(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Two stacks of matrices, both of several along the fourth axis from the end, make matrices that are not square."""
    shapes = [v.shape or () for v in (*inputs[:2], *outputs[:1])]
    if any(len(s) < 4 for s in shapes):
        return None if any(v.shape is None for v in (*inputs[:2], *outputs[:1])) else False
    sizes = [shapes[0][-4], shapes[1][-4], shapes[2][-2], shapes[2][-1]]
    known = [s for s in sizes if isinstance(s, int)]
    if 1 in [s for s in sizes[:2] if isinstance(s, int)]:
        return False
    return None if len(known) < 4 else sizes[2] != sizes[3]


def resizes_channels(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The batch or the number of channels changes."""
    before, after = inputs[0].shape, outputs[0].shape
    if before is None or after is None or not all(isinstance(d, int) for d in (*before[:2], *after[:2])):
        return None
    return before[:2] != after[:2]


def equation_without_form(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The equation is not a product of two matrices, or of stacks of them, in an order that QNN has a form for."""
    equation = str(op.attrs.get("equation", "")).replace(" ", "")
    left, arrow, result = equation.partition("->")
    first, comma, second = left.partition(",")
    terms = (first, second, result)
    if not arrow or not comma or min(map(len, terms)) < 2 or not all(t.isalpha() for t in terms):
        return True
    return not (_stacked(*terms) or _transposed(*terms) or _shared(*terms))


def _stacked(a: str, b: str, y: str) -> bool:
    """...mk,...kn->...mn or ...mk,...nk->...mn."""
    if not len(a) == len(b) == len(y) or a[:-2] != b[:-2] or a[:-2] != y[:-2] or a[-2] != y[-2]:
        return False
    return (a[-1], y[-1]) in ((b[-2], b[-1]), (b[-1], b[-2]))


def _transposed(a: str, b: str, y: str) -> bool:
    """bkhm,bnhk->bnhm."""
    if not len(a) == len(b) == len(y) == 4:
        return False
    return a[0] == b[0] == y[0] and a[3] == y[3] and a[1] == b[3] and b[1] == y[1]


def _shared(a: str, b: str, y: str) -> bool:
    """bhwc,hkc->bhwk or bhwc,wkc->bhwk: the second operand is the same for the whole batch."""
    if (len(a), len(b), len(y)) != (4, 3, 4) or a[:2] != y[:2] or a[3] != b[2]:
        return False
    return (a[2] == y[2] and b[1] == y[3]) and b[0] in (y[1], a[2])
