"""ONNX files to graphs: weights left on disk, functions inlined, shapes inferred, dimensions bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from onnx import ModelProto

from edgeplan.frontends.errors import BindingError, ModelError
from edgeplan.frontends.loaded import Loaded
from edgeplan.frontends.onnx.bind import bind
from edgeplan.frontends.onnx.build import build
from edgeplan.frontends.onnx.domains import opsets_of
from edgeplan.frontends.onnx.infer import infer
from edgeplan.frontends.onnx.read import read_model
from edgeplan.graph import Graph

__all__ = ["BindingError", "Loaded", "ModelError", "load_onnx", "parse_model", "parse_text"]

_HEADER = '<ir_version: 8, opset_import: ["" : 18, "com.microsoft" : 1, "ai.onnx.ml" : 3]>'


def load_onnx(
    source: str | Path | ModelProto,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> Loaded:
    """Read a model without its weights.

    `dims` binds free dimensions by name, `shapes` and `values` inputs by name. Raises `ModelError` when the model
    cannot be analysed and `BindingError` when a binding does not fit it; both messages are one line.
    """
    model, missing = read_model(source if isinstance(source, ModelProto) else Path(source))
    free = bind(model, dims or {}, shapes or {}, values or {})
    scope = infer(model, free)
    return Loaded(build(model.graph, scope, opsets_of(model)), tuple(sorted(free)), missing)


def parse_model(text: str) -> ModelProto:
    """A model from ONNX's textual form; a text that does not begin with a header is read as opset 18."""
    from onnx import parser

    text = text.strip()
    return parser.parse_model(text if text.startswith("<") else f"{_HEADER} {text}")


def parse_text(text: str) -> Graph:
    """The graph of `parse_model`."""
    return load_onnx(parse_model(text)).graph
