"""Models of single attributes and limits, read from tensorrt_probes.txt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx.parser
from onnx import ModelProto, helper, numpy_helper

__all__ = ["made", "models"]

TEXTS = Path(__file__).with_suffix(".txt")
"""One probe a line. Three of the published list are not there: topk_dynk, pad_dyn and conv_dynchan need a profile with
their shapes, and what the compiler said without one tells nothing of the operators."""


def made(opset: int, text: str) -> ModelProto:
    """The model of an ONNX text graph, its inputs in capitals turned into weights."""
    custom = ', "com.acme" : 1' if "com.acme" in text else ""
    model: ModelProto = onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : {opset}{custom}]> {text}')
    draw = np.random.default_rng(0)
    for info in [i for i in model.graph.input if i.name.isupper()]:
        kind = helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
        values = draw.normal(size=shape) if kind == np.float32 else np.ones(shape)
        model.graph.initializer.append(numpy_helper.from_array(values.astype(kind), info.name))
        model.graph.input.remove(info)
    return model


def models() -> Iterator[tuple[str, ModelProto]]:
    """Every probe by its name."""
    for line in TEXTS.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            name, opset, text = line.split(" | ", 2)
            yield name, made(int(opset), text)
