"""The arena as planned against the arena that ONNX Runtime logs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import plan_memory
from edgeplan.target import resolve

ASK = Path(__file__).parents[3] / "benchmarks" / "memory" / "ask_onnxruntime.py"

CHAIN = """g (float[512,700] x) => (float[512,700] y) {
    a = Sin (x) b = Cos (a) c = Sin (b) y = Cos (c) }"""
KEPT = """g (float[512,700] x) => (float[512,700] y) {
    a = Sin (x) b = Cos (a) c = Sin (b) d = Tan (c) e = Add (a, d) f = Mul (e, b) y = Sin (f) }"""
SIZES = """g (float[512,700] x) => (float[700,1536] y) {
    a = Sin (x) b = Concat <axis = 0> (a, a) c = Concat <axis = 0> (b, a) d = Transpose (c) y = Cos (d) }"""
BRANCHES = """g (float[512,900] x) => (float[512,900] y) {
    a = Sin (x) b = Cos (x) c = Tan (x) d = Sin (a) e = Cos (b) f = Tan (c)
    g1 = Add (d, e) h = Add (g1, f) y = Sin (h) }"""


@pytest.mark.referee
@pytest.mark.parametrize("text", [CHAIN, KEPT, SIZES, BRANCHES], ids=["chain", "kept", "sizes", "branches"])
def test_the_arena_takes_what_onnxruntime_logs(text: str, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    text = f'<ir_version: 8, opset_import: ["" : 18]>\n{text}'
    model = tmp_path / "model.onnx"
    onnx.save(onnx.parser.parse_model(text), model)
    asked = subprocess.run([sys.executable, "-P", ASK, model], capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(asked.stdout)
    graph = parse_text(text)
    target = resolve("iphone14pro", "onnxruntime-coreml", "1.31")
    plan = plan_memory(Deployment(graph, target, ("cpu",) * len(graph.ops), ()))
    assert next(t for t in plan.terms if t.name == "arena").size.high == told["extended"]
