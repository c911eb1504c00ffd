"""Conditions of the TensorRT rows that a table cannot say."""

from __future__ import annotations

__all__: list[str] = []
