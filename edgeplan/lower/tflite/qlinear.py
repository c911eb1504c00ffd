"""The QLinear ops, whose scales are operands: lowered like the op of reals, of integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeplan.graph import Op
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import Layout
from edgeplan.lower.tflite.quantized import lowered_as
from edgeplan.lower.tflite.registry import lowers

__all__ = ["qlinear"]


@dataclass(frozen=True, slots=True)
class _Form:
    """The op of reals, and which operands of the QLinear op are its own."""

    type: str
    slots: Sequence[int]
    ports: Sequence[str]


_MS = "com.microsoft."
_LAST = {
    "QLinearConv": _Form("Conv", (0, 3, 8), ("X", "W", "B")),
    f"{_MS}QLinearAveragePool": _Form("AveragePool", (0,), ("X",)),
}
_ANY = {
    f"{_MS}QLinearAdd": _Form("Add", (0, 3), ("A", "B")),
    f"{_MS}QLinearConcat": _Form("Concat", range(2, 200, 3), ("inputs",) * 66),
    f"{_MS}QLinearGlobalAveragePool": _Form("GlobalAveragePool", (0,), ("X",)),
    f"{_MS}QLinearLeakyRelu": _Form("LeakyRelu", (0,), ("X",)),
    f"{_MS}QLinearMul": _Form("Mul", (0, 3), ("A", "B")),
    f"{_MS}QLinearReduceMean": _Form("ReduceMean", (0,), ("data",)),
    f"{_MS}QLinearSigmoid": _Form("Sigmoid", (0,), ("X",)),
    f"{_MS}QLinearSoftmax": _Form("Softmax", (0,), ("input",)),
}
_NATIVE = {
    "QLinearMatMul": _Form("MatMul", (0, 3), ("A", "B")),
    f"{_MS}QGemm": _Form("Gemm", (0, 3, 6), ("A", "B", "C")),
}
_FORMS = {**_LAST, **_ANY, **_NATIVE}
_SLOTS = {
    "QLinearConv": ("x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point", "y_scale", "y_zero_point", "B"),
    "QLinearMatMul": ("a", "a_scale", "a_zero_point", "b"),
}
"""The ports of the standard ones; those of the others are called input0, input1 and so on."""


@lowers(*_ANY, layout=Layout.ANY)
@lowers(*_LAST, layout=Layout.LAST)
@lowers(*_NATIVE)
def qlinear(op: Op, b: Builder) -> bool:
    """QLinearConv(x, .., const w, .., B) -> as Conv(x, w, B), of integers, the bias of int32; the others likewise.

    Before: `y = QLinearMatMul(a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point)`
    After:  `y = FULLY_CONNECTED(a, b, bias)`, the scales those of the tensors in the file

    Source: onnx2tf `tflite_builder/op_builders/qlinear_conv.py`, `qlinear_fc.py`, `qlinear_binary.py`,
    `qlinear_pool.py`, `qlinear_concat.py`, `qlinear_activation.py`. Scales known only at run time have no lowering.
    """
    form = _FORMS[op.label]
    names = dict(zip(op.ports, op.inputs, strict=True))
    standard = _SLOTS.get(op.label, ())
    own: list[tuple[str, str]] = []
    for slot, port in zip(form.slots, form.ports, strict=False):
        found = names.pop(standard[slot] if slot < len(standard) else f"input{slot}", None)
        if found is not None:
            own.append((port, found))
    if not own or own[0][0] != form.ports[0] or not all(b.value(n).const for n in names.values()):
        return False
    attrs = {k: v for k, v in op.attrs.items() if k != "channels_last"}
    if op.attrs.get("channels_last", 0) != 0:
        return False
    version = op.attrs.get("opset", 0) if form.type == "Softmax" else 0
    inner = replace(
        op,
        type=form.type,
        domain="",
        inputs=tuple(n for _, n in own),
        ports=tuple(p for p, _ in own),
        attrs=attrs,
        version=version if isinstance(version, int) else 0,
    )
    return lowered_as(inner, b)
