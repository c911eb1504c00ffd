from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import pytest

import edgeplan
from edgeplan.finding import Severity
from edgeplan.frontends.onnx import parse_text
from edgeplan.plan import Outcome, Plan, analyze_graph
from edgeplan.report.json import render_json
from edgeplan.target import Target

Toy = Callable[..., Target]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
NO_NEG = 'id = "neg"\nops = ["Neg"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "No negation."\n'
CHAIN = "g (float[4,16] x) => (float[4,16] d) { a = Relu (x) b = Neg (a) c = Relu (b) d = Relu (c) }"


@pytest.fixture
def plan(toy: Toy) -> Plan:
    """Relu on the NPU, Neg on the CPU."""
    return analyze_graph(parse_text(CHAIN), toy(NO_NEG, ALL_RUN), name="chain.onnx", file_bytes=1000)


def test_the_model_is_described_as_it_was_read(plan: Plan) -> None:
    model = plan.model
    assert (model.name, model.file_bytes, model.ops, model.opset) == ("chain.onnx", 1000, 4, 18)
    assert model.inputs == {"x": "float32[4, 16]"}
    assert model.outputs == {"d": "float32[4, 16]"}
    assert (model.macs, model.parameters) == (0, 0)


def test_units_share_the_work(plan: Plan) -> None:
    assert [(u.unit, u.ops, u.moved, u.bytes_share) for u in plan.units] == [
        ("npu", 3, 3 * 512, 0.75),
        ("cpu", 1, 512, 0.25),
    ]


def test_segments_and_crossings_follow_the_placement(plan: Plan) -> None:
    assert [(s.unit, s.ops, s.moved) for s in plan.segments] == [
        ("npu", (0,), 512),
        ("cpu", (1,), 512),
        ("npu", (2, 3), 1024),
    ]
    assert [(c.value, c.bytes) for c in plan.crossings] == [("a", 256), ("b", 256)]


def test_an_op_says_what_every_unit_makes_of_it(plan: Plan) -> None:
    neg = plan.ops[1]
    assert (neg.name, neg.type, neg.unit, neg.sources) == ("b", "Neg", "cpu", ("b",))
    assert neg.verdicts == {"npu": "refuses", "cpu": "runs"}
    assert neg.rows == {"npu": ("toy/npu/neg",), "cpu": ("toy/npu+cpu/all",)}


@pytest.mark.parametrize(
    ("rows", "more", "text", "outcome"),
    [
        ((ALL_RUN,), {}, CHAIN, Outcome.FITS),
        ((NO_NEG, ALL_RUN), {}, CHAIN, Outcome.FITS_WITH_CHANGES),
        ((ALL_RUN,), {"limit": 1}, CHAIN, Outcome.DOES_NOT_FIT),
        ((NO_NEG.replace('"npu"', '"npu", "cpu"'), ALL_RUN), {}, CHAIN, Outcome.DOES_NOT_FIT),
        ((), {}, CHAIN, Outcome.CANNOT_TELL),
        ((ALL_RUN,), {}, "g (float[4] x) => (y) { y = Foo (x) }", Outcome.CANNOT_TELL),
        ((ALL_RUN,), {"limit": 1}, "g (float[4] x) => (y) { y = Foo (x) }", Outcome.DOES_NOT_FIT),
        ((ALL_RUN.replace('"npu", ', ""),), {}, CHAIN, Outcome.FITS),
    ],
)
def test_the_outcome_is_one_of_four(
    toy: Toy, rows: tuple[str, ...], more: dict[str, int], text: str, outcome: Outcome
) -> None:
    assert analyze_graph(parse_text(text), toy(*rows, **more)).outcome is outcome


def test_ops_that_nobody_can_place_have_a_share_of_their_own(toy: Toy) -> None:
    plan = analyze_graph(parse_text(CHAIN), toy())
    assert [(u.unit, u.title, u.ops) for u in plan.units] == [
        ("npu", "NPU", 0),
        ("cpu", "CPU", 0),
        ("unknown", "unknown", 4),
    ]


def test_the_worst_severity_is_the_worst_findings(toy: Toy, plan: Plan) -> None:
    assert plan.worst() is Severity.WARNING
    assert analyze_graph(parse_text(CHAIN), toy(ALL_RUN)).worst() is None


def test_an_open_dimension_leaves_the_plan_incomplete(toy: Toy) -> None:
    graph = parse_text("g (float[N,4] x) => (y) { y = Relu (x) }")
    plan = analyze_graph(graph, toy(ALL_RUN), free=("N",))
    assert not plan.complete
    assert plan.outcome is Outcome.CANNOT_TELL
    assert plan.model.free_dimensions == ("N",)
    assert plan.memory.unsized == ("x", "y")


def test_an_empty_graph_fits(toy: Toy) -> None:
    plan = analyze_graph(parse_text("g (float[4] x) => (float[4] x) { }"), toy(ALL_RUN))
    assert plan.outcome is Outcome.FITS
    assert plan.segments == ()
    assert plan.memory.activations in (0, 64)


def test_a_plan_survives_json(plan: Plan) -> None:
    back = msgspec.json.decode(render_json(plan), type=Plan)
    assert back == plan
    written = json.loads(render_json(plan))
    assert written["schema_version"] == 1
    assert written["memory"]["peak"]["likely"] == plan.memory.peak.likely


def test_analyze_takes_a_model_and_a_device() -> None:
    from onnx import parser

    model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {CHAIN}')
    plan = edgeplan.analyze(model, "iphone14pro", release="17", memory_budget=10**6)
    assert plan.target.title == "iPhone 14 Pro, Core ML (iOS 17)"
    assert plan.budget.effective == 10**6
    assert {op.unit for op in plan.ops} == {"ane"}


def test_analyze_binds_dimensions() -> None:
    from onnx import parser

    model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {CHAIN.replace("4,16", "N,16")}')
    assert edgeplan.load(model, dims={"N": 4}).values["x"].shape == (4, 16)
    assert edgeplan.load(model, inputs={"x": (4, 16)}).values["d"].shape == (4, 16)
    with pytest.raises(ValueError, match="M"):
        edgeplan.analyze(model, "iphone14pro", dims={"M": 4})
