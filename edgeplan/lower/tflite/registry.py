"""Which function lowers which ONNX op to LiteRT's builtins, and the axis order it wants."""

from __future__ import annotations

from collections.abc import Callable

from edgeplan.graph import Op
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import Layout

__all__ = ["LAYOUTS", "LOWERINGS", "Lowering", "lowers"]

Lowering = Callable[[Op, Builder], bool]
"""Emits LiteRT ops for one source op and returns True, or emits nothing and returns False: no lowering."""

LOWERINGS: dict[str, Lowering] = {}

LAYOUTS: dict[str, Layout] = {}
"""Op label to the order it wants its data in; absent: native."""


def lowers(*types: str, layout: Layout = Layout.NATIVE) -> Callable[[Lowering], Lowering]:
    """Register a lowering for ONNX op types (`com.microsoft.Gelu` with its domain, plain names otherwise)."""

    def register(function: Lowering) -> Lowering:
        for t in types:
            if t in LOWERINGS:
                raise ValueError(f"two lowerings for {t}")
            LOWERINGS[t] = function
            if layout is not Layout.NATIVE:
                LAYOUTS[t] = layout
        return function

    return register
