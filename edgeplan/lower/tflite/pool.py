"""Pooling: windows and whole planes."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.graph import Attr, Dim, DType, Op, Shape
from edgeplan.lower.attributes import flag, integer, integers
from edgeplan.lower.neighbours import used
from edgeplan.lower.shapes import static
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.fused import with_activation
from edgeplan.lower.tflite.layout import Layout, channels_last
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.window import Window, lowered, padded, padding_of, raised, same_pads, window

__all__ = ["lp_pool", "pool"]

_LOWEST = {
    DType.FLOAT32: -3.4028234663852886e38, DType.INT8: -128, DType.UINT8: 0, DType.INT16: -(2**15),
    DType.INT32: -(2**31), DType.INT64: -(2**63),
}  # fmt: skip

_MOST_CELLS = 1 << 12


@lowers("MaxPool", "AveragePool", layout=Layout.LAST)
def pool(op: Op, b: Builder) -> bool:
    """MaxPool(X) -> MAX_POOL_2D(input); AveragePool(X) -> AVERAGE_POOL_2D(input), with the activation behind it.

    Pads that are not those of SAME, and what ceil_mode adds, are a PADV2 with the type's lowest number for the maximum
    and a PAD with zeros for the average. Cells of the padding are not averaged over by SAME; where a PAD makes them
    count and they must not, a MUL undoes it. One axis: on [N,1,W,C] between two RESHAPEs. Three axes: height and
    width, then depth, each between RESHAPEs. Dilations and the indices of a maximum have no lowering.
    Source: onnx2tf `op_builders/pool.py`. LiteRT's own converter is followed where the two differ: in PAD and MUL for
    PADV2 and DIV (`tflite/converter/stablehlo/transforms/composite_avg_pool_patterns.td`), and in SAME, where it fits,
    for the PADV2 of ceil_mode (`.../legalize_hlo_conversions/reduce_window.cc` GetTFLPadding).
    """
    x, out = op.inputs[0] if len(op.inputs) == 1 else None, op.outputs[0]
    if x is None or any(used(b, name) for name in op.outputs[1:]):
        return False
    shape, kernel, wanted = b.shape(x), integers(op, "kernel_shape", ()), b.shape(out)
    if shape is None or not kernel or not 3 <= len(shape) <= 5 or len(kernel) != len(shape) - 2:
        return False
    win, ceil = window(op, kernel, shape[2:]), flag(op, "ceil_mode", False)
    counted = flag(op, "count_include_pad", False)
    if win is None or ceil is None or counted is None or max(win.dilations) > 1 or wanted is None:
        return False
    if len(wanted) != len(shape):
        return False
    if ceil:
        grown = _ceiled(win, shape[2:], wanted[2:])
        if grown is None:
            return False
        win = grown
    plan = _Plan(op.type == "MaxPool", counted, win, shape[2:], wanted[2:])
    if not plan.possible or (len(shape) == 5 and static(shape) is None):
        return False
    made, function = with_activation(op, b)
    if len(shape) == 5:
        b.adopt(made, _three_axes(b, b.last(x), plan, function), channels_last(5))
        return True
    data = b.last(x)
    if len(shape) == 3:
        data = raised(b, data)
        plan = _Plan(plan.largest, counted, _with_height(win), (1, shape[2]), (1, wanted[2]))
    data = _pooled(b, data, plan, function)
    if len(shape) == 3:
        data = lowered(b, data)
    b.adopt(made, data, channels_last(len(shape)))
    return True


class _Plan:
    """How one window op is padded: by `padding`, or by a PAD of `pads` in front of VALID.

    `shares` are, for each axis, the parts of the windows that lie on the input, where a PAD makes the rest count too;
    (1.0,) for an axis without pads.
    """

    def __init__(self, largest: bool, counted: bool, win: Window, sizes: Sequence[Dim], outputs: Sequence[Dim]) -> None:
        self.largest, self.counted, self.win = largest, counted, win
        self.outputs = tuple(outputs)
        self.padding = padding_of(win, sizes)
        pads = same_pads(win, sizes) if win.pads is None else win.pads
        self.pads = pads or ()
        self.shares: tuple[tuple[float, ...], ...] | None = None
        self.possible = True
        if largest or pads is None or not any(map(any, pads)):
            self.possible = pads is not None or largest or not counted
        elif counted:
            self.padding = None
        elif self.padding is None:
            found = [_shares(*axis) for axis in zip(win.kernel, win.strides, pads, sizes, outputs, strict=True)]
            self.possible = None not in found
            self.shares = tuple(share for share in found if share is not None)


def _shares(kernel: int, stride: int, pads: tuple[int, int], size: Dim, output: Dim) -> tuple[float, ...] | None:
    """The part of each window along one axis that lies on the input."""
    if not any(pads):
        return (1.0,)
    if not isinstance(size, int) or not isinstance(output, int) or output > _MOST_CELLS:
        return None
    starts = [i * stride - pads[0] for i in range(output)]
    return tuple(max(min(s + kernel, size) - max(s, 0), 1) / kernel for s in starts)


def _with_height(w: Window) -> Window:
    pads = None if w.pads is None else ((0, 0), *w.pads)
    return Window((1, *w.kernel), (1, *w.strides), (1, *w.dilations), pads)


def _ceiled(w: Window, sizes: Sequence[Dim], outputs: Sequence[Dim]) -> Window | None:
    """The window with the end pads under which rounding down covers what rounding up does."""
    if w.pads is None:
        return w
    pads: list[tuple[int, int]] = []
    for size, kernel, stride, (begin, end), out in zip(sizes, w.kernel, w.strides, w.pads, outputs, strict=True):
        if not isinstance(size, int) or not isinstance(out, int):
            if stride > 1:
                return None
            pads.append((begin, end))
        else:
            pads.append((begin, max(end, (out - 1) * stride + kernel - begin - size)))
    return Window(w.kernel, w.strides, w.dilations, tuple(pads))


def _pooled(b: Builder, x: str, plan: _Plan, function: str) -> str:
    """One 2-D window op on [N,H,W,C], padded as planned."""
    win, outputs = plan.win, plan.outputs
    if plan.padding is None:
        lowest = _LOWEST.get(b.value(x).dtype or DType.FLOAT32, -3.4028234663852886e38)
        x = padded(b, x, plan.pads, lowest if plan.largest else None)
    attrs: dict[str, Attr] = win.attrs(plan.padding or "VALID", dilated=False)
    attrs.update(filter_height=win.kernel[0], filter_width=win.kernel[1])
    shape = b.shape(x)
    made: Shape = None if shape is None else (shape[0], *outputs, shape[3])
    last = plan.shares is None
    attrs["fused_activation_function"] = function if last else "NONE"
    y = b.emit("MAX_POOL_2D" if plan.largest else "AVERAGE_POOL_2D", {"input": x}, made, attrs=attrs)
    if plan.shares is None:
        return y
    high, wide = plan.shares
    numbers = [1.0 / (h * w) for h in high for w in wide]
    inverse = b.constant(numbers, DType.FLOAT32, (1, len(high), len(wide), 1), "shares")
    fused: dict[str, Attr] = {"fused_activation_function": function}
    return b.emit("MUL", {"lhs": y, "rhs": inverse}, made, attrs=fused)


def _three_axes(b: Builder, x: str, plan: _Plan, function: str) -> str:
    """Height and width with the depth in the batch, then depth with the other two flattened into its second axis.

    Before: x [N,D,H,W,C]
    After:  [N*D,H,W,C] pooled, [N,D,H'*W',C] pooled over D, [N,D',H',W',C]
    """
    n, d, h, w, c = static(b.shape(x)) or (0,) * 5
    win, pads, outputs = plan.win, plan.win.pads, plan.outputs
    flat = b.reshape(x, (n * d, h, w, c))
    inner = Window(win.kernel[1:], win.strides[1:], win.dilations[1:], None if pads is None else pads[1:])
    y = _pooled(b, flat, _Plan(plan.largest, plan.counted, inner, (h, w), outputs[1:]), "NONE")
    _, h, w, _ = static(b.shape(y)) or (0,) * 4
    folded = b.reshape(y, (n, d, h * w, c))
    outer = Window((win.kernel[0], 1), (win.strides[0], 1), (1, 1), None if pads is None else (pads[0], (0, 0)))
    y = _pooled(b, folded, _Plan(plan.largest, plan.counted, outer, (d, h * w), (outputs[0], h * w)), function)
    return b.reshape(y, (n, outputs[0], h, w, c))


@lowers("LpPool", layout=Layout.LAST)
def lp_pool(op: Op, b: Builder) -> bool:
    """LpPool(X) of two axes -> ABS(x), POW(., p), AVERAGE_POOL_2D(.), MUL(., cells of the window), POW(., 1 / p).

    Source: onnx2tf `op_builders/pool.py` build_lp_pool_op.
    """
    x, p = op.inputs[0] if len(op.inputs) == 1 else None, integer(op, "p", 2)
    if x is None or p is None or p < 1:
        return False
    shape, kernel, wanted = b.shape(x), integers(op, "kernel_shape", ()), b.shape(op.outputs[0])
    if shape is None or not kernel or len(shape) != 4 or len(kernel) != 2:
        return False
    win, ceil = window(op, kernel, shape[2:]), flag(op, "ceil_mode", False)
    if win is None or ceil is None or wanted is None or len(wanted) != 4 or max(win.dilations) > 1:
        return False
    grown = _ceiled(win, shape[2:], wanted[2:]) if ceil else win
    if grown is None:
        return False
    plan = _Plan(False, True, grown, shape[2:], wanted[2:])
    if not plan.possible:
        return False
    data = b.last(x)
    y = b.emit("POW", {"lhs": b.emit("ABS", {"x": data}, b.shape(data)), "rhs": b.like(data, float(p))}, b.shape(data))
    y = _pooled(b, y, plan, "NONE")
    cells = float(kernel[0] * kernel[1])
    y = b.emit("MUL", {"lhs": y, "rhs": b.like(y, cells)}, b.shape(y))
    b.emit("POW", {"lhs": y, "rhs": b.like(y, 1.0 / p)}, to=op.outputs[0], order=channels_last(4))
    return True
