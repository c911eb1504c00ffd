"""Operator domains: ONNX's own has two spellings, and every other stage knows only the empty one."""

from __future__ import annotations

from onnx import ModelProto

__all__ = ["is_default", "opsets_of", "plain_domain"]

_DEFAULT = ("", "ai.onnx")


def is_default(domain: str) -> bool:
    """True for ONNX's own domain, however it is written."""
    return domain in _DEFAULT


def plain_domain(domain: str) -> str:
    """The domain with ONNX's own written as the empty string."""
    return "" if domain in _DEFAULT else domain


def opsets_of(model: ModelProto) -> dict[str, int]:
    """Plain domain to the version of it that a model imports."""
    return {plain_domain(o.domain): o.version for o in model.opset_import}
