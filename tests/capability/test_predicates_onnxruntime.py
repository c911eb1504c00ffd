"""The rows of ONNX Runtime's providers: where ops go, and what its record of kernels says of them."""

from __future__ import annotations

import csv
from functools import lru_cache

import pytest

from edgeplan.capability.rows import load_backend, rules_dir
from edgeplan.frontends.onnx import parse_text
from edgeplan.lower import lower_to
from edgeplan.place.support import Judge, Verdict
from edgeplan.target import Target, resolve

RUNS = rules_dir() / "onnxruntime" / "runs"
PROVIDERS = {"cuda": "CUDAExecutionProvider", "cpu": "CPUExecutionProvider"}


@lru_cache(maxsize=64)
def target(release: str, device: str = "server-t4") -> Target:
    return resolve(device, "onnxruntime", release)


def where(text: str, release: str = "1.31", device: str = "server-t4", opset: int = 18) -> list[str]:
    """The first unit that takes each op but constants; empty where none does."""
    given = target(release, device)
    head = "" if text.startswith("<ir") else f'<ir_version: 8, opset_import: ["" : {opset}]> '
    graph = lower_to(parse_text(head + text), "onnx", "model", given.backend.fusions(release))
    judge = Judge(given)
    said = [judge.support(graph, op) for op in graph.ops]
    names = [u.name for u in given.units]
    return [next((n for n, s in zip(names, verdicts, strict=True) if s.verdict.usable), "") for verdicts in said]


LSTM = "<int64[3] a = {1,16,8}, int64[3] b = {1,16,4}> { w = ConstantOfShape (a) r = ConstantOfShape (b)"
STEP = f"g (float[5,1,8] x) => (y) {LSTM}"


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ("", "cuda"),
        (', activations = ["sigmoid","tanh","tanh"]', "cuda"),
        (', activations = ["Sigmoid","Relu","Tanh"]', "cpu"),
        (", clip = 1.0", "cpu"),
        (", activation_alpha = [0.1]", "cpu"),
        (", input_forget = 1", "cpu"),
        (", input_forget = 0", "cuda"),
        (', direction = "reverse"', "cuda"),
    ],
)
def test_an_lstm_runs_where_cudnn_has_its_like(attributes: str, unit: str) -> None:
    assert where(f"{STEP} y = LSTM <hidden_size = 4{attributes}> (x, w, r) }}")[-1] == unit


@pytest.mark.parametrize(
    ("pads", "unit"),
    [
        ("", "cuda"),
        ("<pads = [1,2,1,2]>", "cuda"),
        ("<pads = [1,1,2,1]>", "cpu"),
        ('<auto_pad = "SAME_LOWER">', "cpu"),
        ('<auto_pad = "VALID">', "cuda"),
    ],
)
def test_a_transposed_convolution_needs_even_pads(pads: str, unit: str) -> None:
    text = "g (float[1,4,8,8] x) => (y) <int64[4] s = {4,4,3,3}> { w = ConstantOfShape (s) y = ConvTranspose "
    assert where(f"{text}{pads} (x, w) }}")[-1] == unit


@pytest.mark.parametrize(
    ("release", "opset", "unit"),
    [
        ("1.17", 21, ""),
        ("1.20", 21, "cpu"),
        ("1.24", 21, "cuda"),
        ("1.17", 20, "cuda"),
        ("1.31", 24, "cuda"),
        ("1.24", 24, "cpu"),
    ],
)
def test_a_newer_definition_waits_for_its_kernel(release: str, opset: int, unit: str) -> None:
    assert where("g (float[4,8] x, int64[1] s) => (y) { y = Reshape (x, s) }", release, opset=opset) == [unit]


def test_half_floats_run_on_the_cpu_as_floats() -> None:
    assert where("g (float16[4] x) => (y) { y = Atan (x) }") == ["cpu"]
    assert where("g (float16[4] x) => (y) { y = Exp (x) }") == ["cuda"]
    assert where("g (float16[4] x) => (y) { y = Exp (x) }", device="server-xeon-gold-6226") == ["cpu"]


@pytest.mark.parametrize(("device", "unit"), [("server-t4", "cuda"), ("server-xeon-gold-6226", "cpu")])
@pytest.mark.parametrize("op", ["HardSwish", "Mish"])
def test_a_function_without_a_kernel_is_written_out(op: str, device: str, unit: str) -> None:
    assert where(f"g (float[4] x) => (y) {{ y = {op} (x) }}", device=device) == [unit]


def test_a_foreign_operator_runs_nowhere() -> None:
    head = '<ir_version: 8, opset_import: ["" : 18, "my.domain" : 1]>'
    assert where(f"{head} g (float[1,8] x) => (y) {{ y = my.domain.Thing (x) }}") == [""]


def test_the_rows_have_the_kernels_of_the_record() -> None:
    """Of every operator and release: a row without conditions says `runs` where the record has a kernel."""
    backend = load_backend("onnxruntime")
    lines = (RUNS / "2026-11-22-kernels.csv").read_text("utf-8").splitlines()
    has: dict[str, dict[str, set[str]]] = {p: {r: set() for r in backend.releases} for p in PROVIDERS.values()}
    for line in csv.DictReader(t for t in lines if not t.startswith("#")):
        first, *last = line["releases"].split()
        for release in backend.releases:
            if backend.covers(first, last[0] if last else first, release):
                has[line["provider"]][release].add(line["op"])
    for unit, provider in PROVIDERS.items():
        rows = [r for r in backend.rows if unit in r.unit and r.id.startswith(f"{unit}-") and not (r.when or r.check)]
        for release in backend.releases:
            said = {"runs": set(), "refuses": set()}
            for row in (r for r in rows if backend.covers(r.since, r.until, release)):
                if "function" not in row.id:
                    said[row.verdict] |= set(row.ops)
            assert said["runs"] == has[provider][release]
            assert not said["refuses"] & has[provider][release]


def test_the_rows_say_what_sessions_did() -> None:
    """Every model of the record of placements whose ops all went to one unit."""
    lines = (RUNS / "2026-11-22-placements.csv").read_text("utf-8").splitlines()
    asked = [
        line for line in csv.DictReader(t for t in lines if not t.startswith("#")) if line["placed"].startswith("all")
    ]
    assert len(asked) > 200
    wrong = [
        (line["release"], line["probe"], found, line["placed"])
        for line in asked
        if {found := where(line["model"], line["release"])[-1]} != {line["placed"].removeprefix("all ")}
    ]
    assert wrong == []


SINGLE = {
    "Relu": "g (float[4] x) => (float[4] y) { y = Relu (x) }",
    "Relu of int64": "g (int64[4] x) => (int64[4] y) { y = Relu (x) }",
    "Atan of float64": "g (double[4] x) => (double[4] y) { y = Atan (x) }",
    "Atan of float16": "g (float16[4] x) => (float16[4] y) { y = Atan (x) }",
    "Det": "g (float[4,4] x) => (float y) { y = Det (x) }",
    "Conv of float64": "g (double[1,4,8,8] x, double[4,4,3,3] w) => (double[1,4,6,6] y) { y = Conv (x, w) }",
    "MatMul of int32": "g (int32[4,4] x) => (int32[4,4] y) { y = MatMul (x, x) }",
    "MatMul of uint8": "g (uint32[4,4] x) => (uint32[4,4] y) { y = MatMul (x, x) }",
    "Gemm of int64": "g (int64[4,4] x) => (int64[4,4] y) { y = Gemm (x, x) }",
    "LeakyRelu of float64": "g (double[4] x) => (double[4] y) { y = LeakyRelu (x) }",
    "MaxPool of uint8": "g (uint8[1,4,8,8] x) => (uint8[1,4,7,7] y) { y = MaxPool <kernel_shape = [2,2]> (x) }",
    "AveragePool of float64": "g (double[1,4,8] x) => (double[1,4,7] y) { y = AveragePool <kernel_shape = [2]> (x) }",
    "HardSwish": "g (float[4] x) => (float[4] y) { y = HardSwish (x) }",
    "GridSample of float64": "g (double[1,4,8,8] x, double[1,5,5,2] z) => (y) { y = GridSample (x, z) }",
    "CumSum of uint32": "g (uint32[4] x, int64 a) => (uint32[4] y) { y = CumSum (x, a) }",
}


@pytest.mark.parametrize("name", SINGLE)
def test_the_cpu_provider_takes_what_the_rows_say(name: str) -> None:
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {SINGLE[name]}')
    not_implemented = runtime.capi.onnxruntime_pybind11_state.NotImplemented
    try:
        runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        runs = True
    except not_implemented:
        runs = False
    graph = parse_text(f'<ir_version: 8, opset_import: ["" : 18]> {SINGLE[name]}')
    judge = Judge(target("1.31", "server-xeon-gold-6226"))
    (said,) = judge.support(graph, graph.ops[-1])
    assert (said.verdict is not Verdict.REFUSES) == runs
