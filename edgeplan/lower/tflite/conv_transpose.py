"""Transposed convolutions: TRANSPOSE_CONV, CONV_3D_TRANSPOSE and the STRIDED_SLICE that crops what they make."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.graph import Attr, Dim, DType, Op
from edgeplan.lower.attributes import integer, integers
from edgeplan.lower.shapes import static
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.fused import with_activation
from edgeplan.lower.tflite.layout import Layout, channels_last
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.runtime import Size, dimension, shape_operand
from edgeplan.lower.tflite.window import Window, lowered, raised, window

__all__ = ["conv_transpose"]

_MOST_GROUPS = 1024


@lowers("ConvTranspose", layout=Layout.LAST)
def conv_transpose(op: Op, b: Builder) -> bool:
    """ConvTranspose(X, const W, B) -> TRANSPOSE_CONV(output_shape, weights [O,H,W,I], input) of padding VALID,
    STRIDED_SLICE of the pads, ADD of the bias. Without pads the op takes bias and activation itself (source: LiteRT
    `optimize_patterns.td` FuseBinaryOpToPrecedingAffine).

    Of auto_pad SAME_UPPER: padding SAME and no slice. Dilated: the filter with zeros between its elements. Groups:
    SPLIT, one TRANSPOSE_CONV a group, CONCATENATION. Rank 3: on [N,1,W,C] between two RESHAPEs. Rank 5 ->
    CONV_3D_TRANSPOSE(output_shape, filter [D,H,W,O,I], input), of one group. A computed W has no lowering.
    Source: onnx2tf `op_builders/conv.py` build_conv_transpose_op.
    """
    x, w, groups = op.input("X"), op.input("W"), integer(op, "group", 1)
    if x is None or w is None or groups is None or not b.is_weight(w):
        return False
    shape, kernel = b.shape(x), static(b.shape(w))
    rank = b.rank(x)
    if shape is None or kernel is None or rank is None or not 3 <= rank <= 5 or len(kernel) != rank:
        return False
    if not 1 <= groups <= _MOST_GROUPS or kernel[0] % groups or (groups > 1 and rank == 5):
        return False
    win, extra = window(op, kernel[2:], shape[2:]), integers(op, "output_padding", (0,) * (rank - 2))
    if win is None or extra is None or len(extra) != rank - 2 or min(extra) < 0:
        return False
    same = win.pads is None
    begins = (0,) * (rank - 2) if same else _begins(op, win, extra, shape[2:])
    wanted = b.shape(op.outputs[0])
    if begins is None or wanted is None or len(wanted) != rank:
        return False
    data = b.last(x)
    ends = [wanted[i] for i in range(2, rank)]
    tails = tuple(max(end - more, 0) for (_, end), more in zip(win.pads or ((0, 0),) * (rank - 2), extra, strict=True))
    whole, sizes = _whole(b, data, win, begins, extra, ends)
    batch = dimension(b, data, 0)
    if rank == 3:
        data = raised(b, data)
        whole, sizes, ends = [1, *whole], [1, *sizes], [1, *ends]
        begins, tails = (0, *begins), (0, *tails)
    cut = any(begins) or any(e != f if isinstance(e, int) else t for e, f, t in zip(ends, whole, tails, strict=True))
    attrs = win.attrs("SAME" if same else "VALID", dilated=False)
    bias, alone = op.input("B"), groups == 1 and not cut
    out, function = with_activation(op, b) if bias is not None or alone else (op.outputs[0], "NONE")
    if alone:
        attrs["fused_activation_function"] = function
    made = _contract(
        b, data, w, kernel, win, groups, (wanted[0], *whole), (batch, *sizes), attrs, bias if alone else None
    )
    cropped: list[Dim] = [wanted[0], *ends, kernel[1] * groups]
    if cut:
        made = _cropped(b, made, begins, tails, cropped)
    if bias is not None and not alone:
        fused = {"fused_activation_function": function}
        made = b.emit("ADD", {"lhs": made, "rhs": bias}, tuple(cropped), attrs=fused)
    if rank == 3:
        made = lowered(b, made)
    b.adopt(out, made, channels_last(rank))
    return True


def _begins(op: Op, w: Window, extra: Sequence[int], sizes: Sequence[Dim]) -> tuple[int, ...] | None:
    """What is cut off before each axis: the pads, or those that give the attribute `output_shape`."""
    asked = integers(op, "output_shape", ())
    if asked is None or w.pads is None:
        return None
    if not asked:
        return tuple(begin for begin, _ in w.pads)
    found: list[int] = []
    for length, stride, reach, more, want in zip(sizes, w.strides, w.reach, extra, asked[-len(extra) :], strict=False):
        if not isinstance(length, int):
            return None
        total = max((length - 1) * stride + reach + more - want, 0)
        found.append(total - total // 2 if op.attrs.get("auto_pad") == "SAME_LOWER" else total // 2)
    return tuple(found) if len(found) == len(extra) else None


def _whole(
    b: Builder, x: str, w: Window, begins: Sequence[int], extra: Sequence[int], ends: Sequence[Dim]
) -> tuple[list[Dim], list[Size]]:
    """The spatial axes that the op makes before anything is cut off, and the same as operands."""
    dims: list[Dim] = []
    sizes: list[Size] = []
    for i, (stride, reach, begin, more, end) in enumerate(zip(w.strides, w.reach, begins, extra, ends, strict=True)):
        length = dimension(b, x, i + 1)
        if isinstance(length, int):
            full = (length - 1) * stride + reach
            known = (end if w.pads is None else max(full, begin + end)) if isinstance(end, int) else full + more
            dims.append(known)
            sizes.append(known)
        else:
            grown = length if stride == 1 else b.emit("MUL", {"lhs": length, "rhs": b.like(length, stride)}, ())
            add = 0 if w.pads is None else reach - stride + more
            dims.append(None)
            sizes.append(grown if add == 0 else b.emit("ADD", {"lhs": grown, "rhs": b.like(grown, add)}, ()))
    return dims, sizes


def _contract(
    b: Builder,
    x: str,
    w: str,
    kernel: Sequence[int],
    win: Window,
    groups: int,
    dims: Sequence[Dim],
    sizes: Sequence[Size],
    attrs: dict[str, Attr],
    bias: str | None,
) -> str:
    """The transposed convolution itself, on [N, spatial..., C]."""
    inputs, outputs = kernel[0] // groups, kernel[1]
    reach = win.reach if len(kernel) != 3 else (1, *win.reach)
    if len(kernel) == 5:
        filter_ = b.weight(w, (*reach, outputs, inputs))
        made = {"output_shape": shape_operand(b, (*sizes, outputs)), "filter": filter_, "input": x, "bias": bias}
        return b.emit("CONV_3D_TRANSPOSE", made, (*dims, outputs), dtype=b.value(x).dtype, attrs=attrs)
    if groups == 1:
        parts: Sequence[str] = (x,)
    else:
        each = (*(b.shape(x) or ())[:-1], inputs)
        split = {"split_dim": b.scalar(3, DType.INT32), "value": x}
        parts = b.several("SPLIT", split, [(each, b.value(x).dtype)] * groups, {"num_splits": groups})
    target = shape_operand(b, (*sizes, outputs))
    kind = b.value(x).dtype
    made_parts = [
        b.emit(
            "TRANSPOSE_CONV",
            {"output_shape": target, "weights": b.weight(w, (outputs, *reach, inputs)), "input": part, "bias": bias},
            (*dims, outputs),
            dtype=kind,
            attrs=attrs,
        )
        for part in parts
    ]
    if groups == 1:
        return made_parts[0]
    return b.emit("CONCATENATION", {"values": made_parts}, (*dims, outputs * groups), attrs={"axis": 3})


def _cropped(b: Builder, x: str, begins: Sequence[int], tails: Sequence[int], wanted: Sequence[Dim]) -> str:
    """STRIDED_SLICE of the spatial axes: `begins` cut off in front, and `tails` at the end of an unknown size."""
    rank = len(wanted)
    starts = (0, *begins, 0)
    ends = [s + d if isinstance(d, int) else -t for s, d, t in zip(starts, wanted, (0, *tails, 0), strict=True)]
    mask = sum(1 << i for i, d in enumerate(wanted) if not isinstance(d, int) and not ends[i])
    inputs = {"input": x, "begin": b.ints(starts), "end": b.ints(ends), "strides": b.ints((1,) * rank)}
    return b.emit("STRIDED_SLICE", inputs, tuple(wanted), attrs={"end_mask": mask})
