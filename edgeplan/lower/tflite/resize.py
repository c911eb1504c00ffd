"""Enlarged and reduced images: Resize and Upsample."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op
from edgeplan.lower.attributes import axes, text, vector
from edgeplan.lower.shapes import static
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.layout import Layout, channels_last
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.runtime import dimension, shape_operand

__all__ = ["resize"]

_FIRST_COORDINATES = 11
"""Resize-10 and Upsample sample at `asymmetric` positions and name no mode."""


@lowers("Resize", "Upsample", layout=Layout.LAST)
def resize(op: Op, b: Builder) -> bool:
    """Resize(X) of mode nearest -> RESIZE_NEAREST_NEIGHBOR(input, size); linear -> RESIZE_BILINEAR(input, size), with
    align_corners and half_pixel_centers as the coordinates say.

    Rank 3: on [N,W,1,C] between two RESHAPEs. Rank 5: height and width, then depth, between RESHAPEs. Cubic, of known
    sizes and rank 4: a BATCH_MATMUL with the weights of each axis. No lowering: sizes of batch or channels, coordinates
    from a region (tf_crop_and_resize), half_pixel_symmetric, antialiasing, and nearest sampling that rounds otherwise
    than the op does.
    Source: onnx2tf `tflite_builder/op_registry.py` _validate_resize, `op_builders/shape.py` build_resize_op,
    `op_builders/resize_utils.py` resolve_resize_flags.
    """
    x, mode, out = op.input("X"), text(op, "mode", "nearest"), op.outputs[0]
    shape = None if x is None else b.shape(x)
    wanted = b.shape(out)
    if x is None or shape is None or wanted is None or not 3 <= len(shape) <= 5 or len(wanted) != len(shape):
        return False
    old = op.type == "Upsample" or 0 < op.version < _FIRST_COORDINATES
    position = "asymmetric" if old else text(op, "coordinate_transformation_mode", "half_pixel")
    flags = _flags(op, mode or "", position or "", old)
    if flags is None or op.attrs.get("antialias", 0) or not _only_space(op, b, len(shape)):
        return False
    kind = "RESIZE_NEAREST_NEIGHBOR" if mode == "nearest" else "RESIZE_BILINEAR"
    known, sizes = static(shape), static(wanted)
    if mode == "cubic":
        if len(shape) != 4 or known is None or sizes is None:
            return False
        b.adopt(out, _cubic(b, b.last(x), (sizes[2], sizes[3])), channels_last(4))
    elif len(shape) == 4:
        data = b.last(x)
        b.emit(kind, {"input": data, "size": _target(op, b, data)}, to=out, attrs=flags, order=channels_last(4))
    elif known is None or sizes is None:
        return False
    elif len(shape) == 3:
        data = b.reshape(b.last(x), (known[0], known[2], 1, known[1]))
        made = (sizes[0], sizes[2], 1, sizes[1])
        y = b.emit(kind, {"input": data, "size": b.ints((sizes[2], 1))}, made, attrs=flags)
        b.adopt(out, b.reshape(y, (sizes[0], sizes[2], sizes[1])), channels_last(3))
    else:
        b.adopt(out, _volume(b, b.last(x), kind, sizes[2:], flags), channels_last(5))
    return True


def _flags(op: Op, mode: str, position: str, old: bool) -> dict[str, Attr] | None:
    """`align_corners` and `half_pixel_centers`, None where the op samples elsewhere."""
    if mode == "nearest":
        rounding = "floor" if old else text(op, "nearest_mode", "round_prefer_floor")
        fits = ("floor", "round_prefer_floor") + (("round_prefer_ceil",) if position == "half_pixel" else ())
        if position not in ("asymmetric", "half_pixel") or rounding not in fits:
            return None
    elif mode not in ("linear", "bilinear", "cubic") or position not in (
        "half_pixel",
        "pytorch_half_pixel",
        "asymmetric",
        "align_corners",
    ):
        return None
    centers = position in ("half_pixel", "pytorch_half_pixel")
    return {"align_corners": position == "align_corners", "half_pixel_centers": centers}


def _only_space(op: Op, b: Builder, rank: int) -> bool:
    """Whether batch and channels keep their size, as far as is known."""
    touched = axes(op, b, rank, tuple(range(rank)))
    if touched is None or text(op, "keep_aspect_ratio_policy", "stretch") is None:
        return False
    source, target = b.shape(op.inputs[0]) or (), b.shape(op.outputs[0]) or ()
    if any(isinstance(p, int) and isinstance(q, int) and p != q for p, q in zip(source[:2], target[:2], strict=True)):
        return False
    given = op.input("scales")
    data = b.data(given) if given is not None else op.attrs.get("scales")
    if not isinstance(data, tuple) or len(data) != len(touched):
        return True
    return all(s == 1 for a, s in zip(touched, data, strict=True) if a < 2)


def _target(op: Op, b: Builder, x: str) -> str:
    """Height and width as the operand `size`: a constant, the given sizes, or the input's times the scales."""
    wanted = b.shape(op.outputs[0]) or ()
    known = [d for d in wanted[2:] if isinstance(d, int)]
    if len(known) == 2:
        return b.ints(known)
    given = op.input("sizes")
    if given is not None and b.shape(given) == (4,):
        numbers = vector(op, b, "sizes")
        if numbers is not None:
            return b.ints(numbers[2:])
        cut = {"input": cast(b, b.native(given), DType.INT32), "begin": b.ints((2,)), "size": b.ints((2,))}
        return b.emit("SLICE", cut, (2,))
    scales = op.input("scales")
    data = b.data(scales) if scales is not None else op.attrs.get("scales")
    size = shape_operand(b, [dimension(b, x, 1), dimension(b, x, 2)])
    size = cast(b, size, DType.FLOAT32)
    if isinstance(data, tuple) and len(data) >= 2:
        factors = b.constant([float(s) for s in data[-2:] if isinstance(s, (int, float))], DType.FLOAT32, (2,))
    elif scales is not None:
        cut = {"input": b.native(scales), "begin": b.ints((2,)), "size": b.ints((2,))}
        factors = b.emit("SLICE", cut, (2,))
    else:
        return cast(b, size, DType.INT32)
    grown = b.emit("MUL", {"lhs": size, "rhs": factors}, (2,))
    return cast(b, b.emit("FLOOR", {"x": grown}, (2,)), DType.INT32)


def _cubic(b: Builder, x: str, target: tuple[int, int]) -> str:
    """[N,H,W,C] -> RESHAPE [N,H,W*C], BATCH_MATMUL of [1,H',H] with it, RESHAPE, BATCH_MATMUL of [1,1,W',W]."""
    n, h, w, c = static(b.shape(x)) or (0,) * 4
    high, wide = target
    rows = b.weight(x, (1, high, h), "cubic")
    y = b.emit("BATCH_MATMUL", {"x": rows, "y": b.reshape(x, (n, h, w * c))}, (n, high, w * c))
    columns = b.weight(x, (1, 1, wide, w), "cubic")
    return b.emit("BATCH_MATMUL", {"x": columns, "y": b.reshape(y, (n, high, w, c))}, (n, high, wide, c))


def _volume(b: Builder, x: str, kind: str, target: tuple[int, ...], flags: dict[str, Attr]) -> str:
    """[N,D,H,W,C] -> height and width with the depth in the batch, TRANSPOSE, depth with height and width in it."""
    n, d, h, w, c = static(b.shape(x)) or (0,) * 5
    deep, high, wide = target
    flat = b.reshape(x, (n * d, h, w, c))
    y = b.emit(kind, {"input": flat, "size": b.ints((high, wide))}, (n * d, high, wide, c), attrs=flags)
    turned = b.transpose(b.reshape(y, (n, d, high, wide, c)), (0, 2, 3, 1, 4))
    flat = b.reshape(turned, (n * high * wide, d, 1, c))
    y = b.emit(kind, {"input": flat, "size": b.ints((deep, 1))}, (n * high * wide, deep, 1, c), attrs=flags)
    return b.transpose(b.reshape(y, (n, high, wide, deep, c)), (0, 3, 1, 2, 4))
