"""Conditions that a table cannot say, each a named function whose docstring is the sentence; one file a backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeplan.capability.predicates import coreml, onnxruntime, onnxruntime_coreml, qnn, shapes, snpe, tensorrt, tflite
from edgeplan.graph import Op, Value

__all__ = ["PREDICATES", "Predicate"]

Predicate = Callable[[Op, tuple[Value, ...], tuple[Value, ...]], bool | None]
"""(op, its inputs, its outputs) to True, False, or None where an unknown dimension could decide either way."""

FAMILIES = (coreml, onnxruntime, onnxruntime_coreml, qnn, shapes, snpe, tensorrt, tflite)

PREDICATES: Mapping[str, Predicate] = {name: getattr(family, name) for family in FAMILIES for name in family.__all__}
"""Predicates by the name that a row's `check` gives: all that a family's file lists in `__all__`."""
