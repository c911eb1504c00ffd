"""What element types and ranks an op takes on the HTP, by the table that the compiler's answers make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from edgeplan.capability.predicates.qnn.builders import left_out
from edgeplan.graph import DType, Op, Value
from edgeplan.shipped import shipped

__all__ = [
    "breaks_by_type",
    "breaks_by_type_with_partial_fp16",
    "breaks_by_type_without_fp16",
    "refused_by_type",
    "refused_by_type_with_partial_fp16",
    "refused_by_type_without_fp16",
]

_KINDS: Mapping[DType, str] = {
    DType.FLOAT32: "f32",
    DType.FLOAT16: "f16",
    DType.INT64: "i64",
    DType.INT32: "i32",
    DType.UINT8: "u8",
    DType.INT8: "i8",
    DType.BOOL: "bool",
    DType.UINT32: "u32",
    DType.INT16: "i16",
    DType.UINT16: "u16",
    DType.FLOAT64: "f64",
}
_QUANTISED: Mapping[DType, str] = {
    DType.UINT8: "q8",
    DType.INT8: "s8",
    DType.UINT16: "q16",
    DType.INT16: "s16",
}
_BY_INPUT = frozenset({"Attention", "GRU", "LSTM", "OneHot", "RoiAlign", "STFT"})
"""Ops whose rank is that of their data: their results have another one by nature."""

_UNCHECKED = frozenset({"Attention", "Mod", "Reciprocal", "Tan"})
"""Ops whose builders do not ask the validator: a type without a kernel breaks the session, as it does for NHWC ops."""


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    """Op to element type to one letter a rank: r runs, c stays on the CPU, f breaks the session."""
    path = shipped("_rules", "rules") / "qnn" / "htp.json"
    found: dict[str, dict[str, str]] = json.loads(path.read_text("utf-8"))
    return found


def _data(op: Op, inputs: tuple[Value, ...]) -> Value | None:
    """The tensor that the op works on."""
    slot = 1 if op.type == "Where" else 0
    return inputs[slot] if len(inputs) > slot else None


def _letter(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...], chip: str) -> str | None:
    """What the table says of the op's element type and rank; empty when it does not know the op, None when a type or a
    rank that is not known could decide.
    """
    types, value = _table().get("Cast" if op.type == "CastLike" else op.label), _data(op, inputs)
    if types is None or value is None:
        return ""
    if value.dtype is None:
        return None
    kind = (_QUANTISED if op.attrs.get("quantized") else _KINDS).get(value.dtype, "")
    if op.type in ("Cast", "CastLike"):
        made = outputs[0].dtype
        if made is None:
            return None
        kind = f"{kind}>{_KINDS.get(made, '')}"
    late = op.type in _UNCHECKED or "f" in types.get("f32-", "")
    letters = types.get(kind + chip, types.get(kind, "ffffffc" if late else "c"))
    least, most = _ranks(op, value, outputs)
    last = len(letters) - 1
    found = {letters[min(rank, last)] for rank in range(least, max(least, last if most is None else most) + 1)}
    return found.pop() if len(found) == 1 else None


def _ranks(op: Op, value: Value, outputs: tuple[Value, ...]) -> tuple[int, int | None]:
    """The least and the highest rank of the data and the results; None for the highest when one is not known."""
    tensors = (value,) if op.type in _BY_INPUT else (value, *outputs)
    known = [len(v.shape) for v in tensors if v.shape is not None]
    least = max(known, default=0)
    return least, least if len(known) == len(tensors) else None


def _is(letter: str, op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...], chip: str) -> bool | None:
    found = _letter(op, inputs, outputs, chip)
    if found == letter == "f":
        left = left_out(op, inputs, outputs)
        return None if left is None else not left
    return None if found is None else found == letter


def refused_by_type(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The HTP has no kernel of this op for the element type and rank, and the op stays on the CPU."""
    return _is("c", op, inputs, outputs, "")


def breaks_by_type(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op is assigned to the HTP, which has no kernel for the element type and rank: the session is not created."""
    return _is("f", op, inputs, outputs, "")


def refused_by_type_without_fp16(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An HTP without fp16 has no kernel of this op for the element type and rank, and the op stays on the CPU."""
    return _is("c", op, inputs, outputs, "-")


def breaks_by_type_without_fp16(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op is assigned to an HTP without fp16, which has no kernel for its type and rank: no session is created."""
    return _is("f", op, inputs, outputs, "-")


def refused_by_type_with_partial_fp16(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An HTP with some fp16 kernels has none of this op for the element type and rank, and the op stays on the CPU."""
    return _is("c", op, inputs, outputs, "~")


def breaks_by_type_with_partial_fp16(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The HTP's validator passes what its compiler has no fp16 kernel for: the session is not created."""
    return _is("f", op, inputs, outputs, "~")
