"""Which function lowers which ONNX op to MIL."""

from __future__ import annotations

from collections.abc import Callable

from edgeplan.graph import Op
from edgeplan.lower.mil.builder import Builder

__all__ = ["LOWERINGS", "Lowering", "lowers"]

Lowering = Callable[[Op, Builder], bool]
"""Emits MIL ops for one source op and returns True, or emits nothing and returns False: no lowering."""

LOWERINGS: dict[str, Lowering] = {}


def lowers(*types: str) -> Callable[[Lowering], Lowering]:
    """Register a lowering for ONNX op types (`com.microsoft.Gelu` with its domain, plain names otherwise)."""

    def register(function: Lowering) -> Lowering:
        for t in types:
            if t in LOWERINGS:
                raise ValueError(f"two lowerings for {t}")
            LOWERINGS[t] = function
        return function

    return register
