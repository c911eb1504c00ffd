"""Small models to cut."""

from __future__ import annotations

import onnx

from edgeplan.frontends import load_model
from edgeplan.graph import Graph

__all__ = ["CHAIN", "HEAVY", "graph_of"]

CHAIN = """
    <ir_version: 8, opset_import: ["": 18]>
    chain (float[1, 3, 64, 64] image) => (float[1, 10] scores)
    <int64[4] w1s = {16, 3, 3, 3}, int64[4] w2s = {64, 16, 3, 3}, int64[2] w3s = {64, 10}, float scale = {0.5},
     int64[1] zero = {0}, int64[1] one = {1}, int64[1] rest = {-1}> {
        w1 = ConstantOfShape <value = float {0.1}> (w1s)
        w2 = ConstantOfShape <value = float {0.1}> (w2s)
        w3 = ConstantOfShape <value = float {0.1}> (w3s)
        scaled = Mul (image, scale)
        [first] a = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (scaled, w1)
        b = Relu (a)
        [second] c = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (b, w2)
        d = Relu (c)
        e = GlobalAveragePool (d)
        shape = Shape (e)
        batch = Slice (shape, zero, one)
        flat = Concat <axis = 0> (batch, rest)
        f = Reshape (e, flat)
        [last] scores = MatMul (f, w3)
    }
"""
"""Eight ops in a line, with weights and a shape that are computed beside them."""

HEAVY = """
    <ir_version: 8, opset_import: ["": 18]>
    heavy (float[1, 3, 256, 256] image) => (float[1, 8] scores)
    <int64[4] w1s = {16, 3, 3, 3}, int64[4] w2s = {16, 16, 3, 3}, int64[4] w3s = {512, 16, 3, 3},
     int64[4] w4s = {512, 512, 3, 3}, int64[2] w5s = {512, 8}, int64[2] flat = {1, 512}> {
        w1 = ConstantOfShape <value = float {0.1}> (w1s)
        w2 = ConstantOfShape <value = float {0.1}> (w2s)
        w3 = ConstantOfShape <value = float {0.1}> (w3s)
        w4 = ConstantOfShape <value = float {0.1}> (w4s)
        w5 = ConstantOfShape <value = float {0.1}> (w5s)
        [stem] a = Conv <pads = [1, 1, 1, 1], strides = [4, 4]> (image, w1)
        b = Relu (a)
        [small] c = Conv <pads = [1, 1, 1, 1], strides = [4, 4]> (b, w2)
        d = Relu (c)
        [wide] e = Conv <pads = [1, 1, 1, 1]> (d, w3)
        f = Relu (e)
        [big] g = Conv <pads = [1, 1, 1, 1]> (f, w4)
        h = Relu (g)
        [huge] i = Conv <pads = [1, 1, 1, 1]> (h, w4)
        p = GlobalAveragePool (i)
        q = Reshape (p, flat)
        [head] scores = MatMul (q, w5)
    }
"""
"""A network whose input is large, whose middle is small, and whose work is at the end."""


def graph_of(text: str = CHAIN) -> Graph:
    """The graph of a model in ONNX text."""
    return load_model(onnx.parser.parse_model(text)).graph
