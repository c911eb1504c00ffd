"""Fuses ONNX text, and holds the op that comes out against the ops that went in, by numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from onnx import helper, parser
from onnx.reference import ReferenceEvaluator

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph, Op
from edgeplan.lower.fold import fold
from edgeplan.lower.fuse import FUSIONS, fuse

OPSETS = {"Swish": 24, "Gelu": 20, "Mish": 18, "HardSwish": 14, "LayerNormalization": 17}
HEADER = '<ir_version: 8, opset_import: ["" : 18]>'


@pytest.fixture
def fused() -> Callable[..., Graph]:
    """ONNX text, its ops in `{...}` with x as their input, to the fused graph."""
    return lambda text: fuse(fold(parse_text(text)), tuple(FUSIONS))


@pytest.fixture
def same_numbers() -> Callable[[str, Graph], None]:
    """The single op of a fused graph, as ONNX defines it, computes what the text computes."""

    def check(text: str, graph: Graph) -> None:
        (op,) = graph.ops
        shape = graph.values["x"].shape
        rng = np.random.default_rng(0)
        x = rng.normal(0, 3, [d if isinstance(d, int) else 2 for d in shape or ()]).astype(np.float32)
        wanted = ReferenceEvaluator(parser.parse_model(f"{HEADER} {text}")).run(None, {"x": x})[0]
        found = _run(op, graph, x)
        np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=2e-3)

    return check


def _run(op: Op, graph: Graph, x: np.ndarray) -> np.ndarray:
    feeds = {"x": x}
    for name in op.inputs:
        value = graph.values[name]
        if value.const:
            feeds[name] = np.ones(value.shape, np.float32)
            if value.data is not None:
                feeds[name].flat = value.data
    node = helper.make_node(op.type, list(op.inputs), ["y"], **op.attrs)
    values = [helper.make_tensor_value_info(n, 1, feeds[n].shape) for n in dict.fromkeys(op.inputs)]
    g = helper.make_graph([node], "g", values, [helper.make_tensor_value_info("y", 1, None)])
    return ReferenceEvaluator(helper.make_model(g, opset_imports=[helper.make_opsetid("", OPSETS[op.type])])).run(
        None, {n: feeds[n] for n in op.inputs}
    )[0]
