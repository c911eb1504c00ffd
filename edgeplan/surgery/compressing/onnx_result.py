"""What the layers of a compressed ONNX model are stored as, read from the file that was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import onnx_ir as ir

from edgeplan.surgery.compressing.outcome import Applied, Unapplied
from edgeplan.surgery.compressing.weights import Weight
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.looking import attribute, is_constant, made_by

__all__ = ["forms_of", "layers_found"]

_BITS = {
    ir.DataType.INT2: 2, ir.DataType.UINT2: 2, ir.DataType.INT4: 4, ir.DataType.UINT4: 4, ir.DataType.INT8: 8,
    ir.DataType.UINT8: 8, ir.DataType.INT16: 16, ir.DataType.UINT16: 16,
}  # fmt: skip
_FLOATS = {
    ir.DataType.FLOAT16: "fp16", ir.DataType.BFLOAT16: "bf16", ir.DataType.FLOAT: "fp32", ir.DataType.DOUBLE: "fp64",
}  # fmt: skip
_WEIGHTS = {
    "Conv": (1,), "ConvTranspose": (1,), "GRU": (1, 2), "Gather": (0,), "Gemm": (0, 1), "LSTM": (1, 2),
    "MatMul": (0, 1), "RNN": (1, 2),
}  # fmt: skip
"""The inputs of each op that may be its weights."""


def forms_of(draft: Draft) -> dict[str, tuple[str, ...]]:
    """What the weights of contractions, and tables, are stored as, by op, in words of schemes: `w8a8`, `fp16`."""
    found: dict[str, tuple[str, ...]] = {}
    for node in draft.model.graph.all_nodes():
        if node.op_type in _WEIGHTS and node.domain in ("", "ai.onnx"):
            forms = tuple(form for i in _WEIGHTS[node.op_type] if (form := _form(node, i)))
            if forms:
                found[node.name or node.outputs[0].name or ""] = forms
    return found


def _form(node: ir.Node, at: int) -> str:
    """The form of one input; empty where it is no weight."""
    value = node.inputs[at] if at < len(node.inputs) else None
    if value is None:
        return ""
    if is_constant(value):
        rank = len(value.shape) if value.shape is not None else 0
        return _FLOATS.get(value.dtype, "") if value.dtype is not None and rank > 1 else ""
    expand = made_by(value, "DequantizeLinear")
    if expand is None or not is_constant(expand.inputs[0]) or expand.inputs[0] is None:
        return ""
    bits = _BITS.get(expand.inputs[0].dtype or ir.DataType.UNDEFINED)
    if bits is None:
        return ""
    scale = expand.inputs[1]
    block = attribute(expand, "block_size", 0)
    whole = scale is None or scale.shape is None or scale.shape.rank() == 0
    others = (i for i in range(len(node.inputs)) if i != at)
    beside = next((a for i in others if (a := _activations(node.inputs[i]))), 0)
    held = f"a{beside}" if beside else ""
    return f"w{bits}{held}" + (f"-block{block}" if block else "-tensor" if whole else "")


def _activations(value: ir.Value | None) -> int:
    """The bits of a value that ops hand on, 0 for floats and constants."""
    expand = made_by(value, "DequantizeLinear")
    given = expand.inputs[0] if expand is not None else None
    packed = made_by(given, "QuantizeLinear")
    if given is None or packed is None or is_constant(given):
        return 0
    return _BITS.get(given.dtype or ir.DataType.UNDEFINED, 0)


def layers_found(
    weights: Sequence[Weight],
    before: Mapping[str, Sequence[str]],
    after: Mapping[str, Sequence[str]],
    why: Mapping[str, str],
    snr: Mapping[str, float],
) -> tuple[tuple[Applied, ...], tuple[Unapplied, ...]]:
    """Which of a model's layers are stored otherwise than before, and which are not: `why`, by weight, if it is known.

    `before` and `after` are the forms in the two files, `snr` the errors of the weights by their names.
    """
    done: list[Applied] = []
    left: list[Unapplied] = []
    met: Counter[str] = Counter()
    for weight in weights:
        layer = weight.layer
        old, new = (_nth(forms.get(layer.op, ()), met[layer.op]) for forms in (before, after))
        met[layer.op] += 1
        if new and new != old:
            done.append(Applied(weight.name, layer.op, layer.label, layer.shape, new, snr.get(weight.name)))
        else:
            reason = why.get(layer.weight) or "onnxruntime's quantiser left it as it was"
            left.append(Unapplied(weight.name, layer.op, layer.label, layer.shape, reason))
    return tuple(done), tuple(left)


def _nth(forms: Sequence[str], at: int) -> str:
    return forms[at] if at < len(forms) else ""
