"""JSON that is safe to print, whatever a model calls its ops."""

from __future__ import annotations

import json

import onnx
from onnx import parser

import edgeplan
from edgeplan.report.json import render_json

HOSTILE = "a\x7f\x9b31m\u202e\u2066\ufeff\U000e0041\x1b[2J\nb"


def test_names_that_steer_a_terminal_are_escaped_and_come_back() -> None:
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 18]> g (float[4] x) => (float[4] y) { y = Relu (x) }'
    )
    model.graph.node[0].name = HOSTILE
    text = render_json(edgeplan.analyze(onnx.ModelProto.FromString(model.SerializeToString()), "iphone14pro"))
    assert all(c == "\n" or c.isprintable() for c in text)
    assert json.loads(text)["ops"][0]["sources"] == [HOSTILE]
