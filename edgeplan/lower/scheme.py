"""Schemes of compression: how the weights of a model are stored, and what its activations are computed in, by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from edgeplan.graph import DType

__all__ = ["SCHEMES", "Scheme", "parse_scheme"]

_FLOATS = {"fp32": DType.FLOAT32, "fp16": DType.FLOAT16, "bf16": DType.BFLOAT16}
_STORED = {
    "linear": {4: DType.INT4, 8: DType.INT8},
    "palette": {
        1: DType.UINT1, 2: DType.UINT2, 3: DType.UINT3, 4: DType.UINT4, 6: DType.UINT6, 8: DType.UINT8,
    },
}  # fmt: skip
_LINEAR = re.compile(
    r"w(?P<bits>[48])(?:a(?P<activations>8|16))?(?:-(?:(?P<tensor>tensor)|block(?P<block>[1-9]\d{0,8})))?"
)
_PALETTE = re.compile(r"palette(?P<bits>[123468])(?:-group(?P<group>[1-9]\d{0,8}))?")
_SPARSE = re.compile(r"sparse(?P<percent>[1-9]0)(?:-(?P<rest>(?!sparse).+))?")


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to store the weights of a model.

    `bits` is the width of a weight that is kept: of itself (`float`, `linear`) or of its index into a `palette`; 0
    where it stays as wide as the model computes. `per` says how many weights share a scale or a palette: the whole
    `tensor`, an output `channel`, a `block` of `size` elements along the input axis, a `group` of `size` output
    channels; empty for floats. `sparsity` is the part of the weights (0 to 0.9) that are zero and not stored.
    `activations` are their bits, 0 where they stay floats.
    """

    name: str
    form: Literal["float", "linear", "palette"]
    bits: int
    per: Literal["", "tensor", "channel", "block", "group"] = ""
    size: int = 0
    sparsity: float = 0.0
    activations: int = 0

    @property
    def stored(self) -> DType | None:
        """The type of a weight that is kept, or of its index into a palette; None where it stays as it is."""
        if self.form == "float":
            return _FLOATS.get(self.name)
        return _STORED[self.form][self.bits]

    @property
    def quantization(self) -> str:
        """How a weight is quantised, as `Value.quantization` has it; empty where it is not."""
        return {"tensor": "per-tensor", "channel": "per-channel", "block": "per-block"}.get(self.per, "")


def parse_scheme(name: str) -> Scheme:
    """The scheme of that name: `fp16`, `w8`, `w4-block32`, `w8a8-tensor`, `palette4-group16`, `sparse50-w8`, ...

    Raises `ValueError` with a line that says what there is.
    """
    if name in _FLOATS:
        return Scheme(name, "float", _FLOATS[name].bits)
    if found := _LINEAR.fullmatch(name):
        return _linear(found)
    if found := _PALETTE.fullmatch(name):
        group = int(found["group"] or 0)
        return Scheme(name, "palette", int(found["bits"]), "group" if group else "tensor", group)
    if found := _SPARSE.fullmatch(name):
        return _sparse(found)
    raise _unknown(name)


def _linear(found: re.Match[str]) -> Scheme:
    bits, activations, block = (int(found[part] or 0) for part in ("bits", "activations", "block"))
    if block and activations:
        raise _unknown(found[0])
    per: Literal["tensor", "channel", "block"] = "tensor" if found["tensor"] else "block" if block else "channel"
    return Scheme(found[0], "linear", bits, per, block, 0.0, activations)


def _sparse(found: re.Match[str]) -> Scheme:
    sparsity = int(found["percent"]) / 100
    if found["rest"] is None:
        return Scheme(found[0], "float", 0, sparsity=sparsity)
    try:
        kept = parse_scheme(found["rest"])
    except ValueError:
        raise _unknown(found[0]) from None
    if kept.form == "float" or kept.activations:
        raise _unknown(found[0])
    return Scheme(found[0], kept.form, kept.bits, kept.per, kept.size, sparsity)


def _unknown(name: str) -> ValueError:
    return ValueError(
        f"no scheme {name!r}; there are fp32, fp16, bf16, w8, w4 (with -tensor or -block32), w8a8, w8a16, w4a16, "
        "palette1, 2, 3, 4, 6, 8 (with -group16), sparse10 to sparse90 (with -w8, -palette4, ...)"
    )


SCHEMES = tuple(
    parse_scheme(name)
    for name in (
        *("fp32", "fp16", "bf16"),
        *("w8", "w8-tensor", "w4", "w4-block32", "w8a8", "w8a8-tensor", "w8a16", "w4a16"),
        *("palette8", "palette6", "palette4", "palette3", "palette2", "palette1"),
        *("palette8-group16", "palette6-group16", "palette4-group16", "palette3-group16", "palette2-group16"),
        *("sparse10", "sparse20", "sparse30", "sparse40", "sparse50", "sparse60", "sparse70", "sparse80", "sparse90"),
        *("sparse50-w8", "sparse50-w4", "sparse50-palette8", "sparse50-palette6", "sparse50-palette4"),
    )
)
"""The schemes that a table shows, the widest first in each form."""
