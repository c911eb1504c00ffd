"""Conditions of the ONNX Runtime Core ML rows that a table cannot say."""

from __future__ import annotations

__all__: list[str] = []
