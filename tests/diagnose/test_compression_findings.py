"""What weights and activations take of a model, and why fewer bits make it no faster."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.cost.latency import latency_of
from edgeplan.cost.work import work_of
from edgeplan.diagnose.case import Case
from edgeplan.diagnose.compression import dominance_findings, hindrance, not_faster
from edgeplan.finding import CODES, Finding
from edgeplan.frontends.onnx import parse_text
from edgeplan.lower.scheme import parse_scheme
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import plan_memory
from edgeplan.place.lowered import as_compressed, lower_for
from edgeplan.place.partition import place
from edgeplan.plan import analyze_graph
from edgeplan.target import Target

Toy = Callable[..., Target]
ToySpeeds = Callable[..., None]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
NO_BYTES = """id = "bytes"\nops = ["MatMul"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "It multiplies floats."
when = { "A.quantization" = "per-tensor" }\n"""
# 16 x k floats come in and 16 x n go out, 64 x k and 64 x n bytes; the weights take 4 k n.
PRODUCT = """g (float[16,{k}] x) => (float[16,{n}] y) <int64[2] s = {{{k}, {n}}}> {{
    w = ConstantOfShape (s) [product] y = MatMul (x, w)
}}"""
WORK = PRODUCT.format(k=1024, n=1024)


def case(text: str, target: Target, scheme: str = "") -> Case:
    source = parse_text(text)
    graph = lower_for(source, target)
    if scheme:
        graph = as_compressed(graph, target, parse_scheme(scheme))
    placement = place(graph, target)
    work = tuple(work_of(graph, op) for op in graph.ops)
    memory = plan_memory(Deployment(graph, target, placement.units, placement.segments))
    latency = latency_of(graph, target, placement, work)
    return Case(source, graph, target, placement, work, memory, latency, (), (), None, None)


def dominance(text: str, target: Target) -> list[Finding]:
    return list(dominance_findings(case(text, target)))


@pytest.mark.parametrize(
    ("k", "n", "code"),
    [(64, 64, "EP601"), (62, 64, ""), (17, 16, ""), (16, 16, "EP602"), (1, 1, "EP602")],
)
def test_what_takes_two_thirds_is_told(k: int, n: int, code: str, toy: Toy) -> None:
    assert [f.code for f in dominance(PRODUCT.format(k=k, n=n), toy(ALL_RUN))] == ([code] if code else [])


def test_the_share_and_both_sizes_are_told(toy: Toy) -> None:
    (weights,) = dominance(PRODUCT.format(k=256, n=256), toy(ALL_RUN))
    assert weights.message == (
        "weights are 89 % of what the model holds (256 KiB of weights, 32.0 KiB of activations): "
        "what fewer bits for them give here says `edgeplan compress`"
    )
    (activations,) = dominance("g (float[256] x) => (y) <float[1] w = {1}> { y = Mul (x, w) }", toy(ALL_RUN))
    assert activations.message == (
        "activations are >99 % of what the model holds (4 B of weights, 2.0 KiB of activations): "
        "weights of fewer bits hardly lower it, a smaller input or fewer channels do"
    )
    assert {weights.severity, activations.severity} == {CODES["EP601"].severity}


@pytest.mark.parametrize(
    "text",
    ["g (float[N,16] x) => (y) { y = Relu (x) }", "g (float[16] x) => (y) { y = Foo (x) }"],
    ids=["free", "unknown"],
)
def test_of_open_sizes_nothing_is_told(text: str, toy: Toy) -> None:
    assert not dominance(text, toy(ALL_RUN))


def test_what_fewer_bits_give_is_told_where_somebody_has_looked(toy: Toy) -> None:
    (found,) = dominance_findings(case(PRODUCT.format(k=256, n=256), toy(ALL_RUN)), "fewer bits for them pay")
    assert found.message.endswith(" of activations): fewer bits for them pay")


def test_a_plan_that_is_short_of_memory_says_what_takes_it(toy: Toy) -> None:
    graph = parse_text(PRODUCT.format(k=256, n=256))
    peak = analyze_graph(graph, toy(ALL_RUN)).memory.peak.likely
    short, enough = (analyze_graph(graph, toy(ALL_RUN, limit=limit)) for limit in (peak - 1, peak))
    assert "EP601" in {f.code for f in short.findings}
    assert "EP601" not in {f.code for f in enough.findings}


def test_what_is_faster_is_not_hindered(toy: Toy, toy_speeds: ToySpeeds) -> None:
    toy_speeds({"precision": ["float32"]}, {"precision": ["int8"], "gmacs": {"*": 400}})
    target = toy(ALL_RUN)
    assert hindrance(case(WORK, target), case(WORK, target, "w8a8")) is None


def test_unknown_times_hinder_nothing(toy: Toy, toy_speeds: ToySpeeds) -> None:
    toy_speeds({"precision": ["float32"]})
    target = toy(ALL_RUN)
    after = case(WORK, target, "w8a8")
    assert after.latency.total is None
    assert hindrance(case(WORK, target), after) is None


def test_ops_that_leave_the_accelerator_are_the_reason(toy: Toy, toy_speeds: ToySpeeds) -> None:
    toy_speeds({}, {"unit": ["cpu"], "gmacs": {"*": 1}})
    target = toy(NO_BYTES, ALL_RUN)
    after = case(WORK, target, "w8a8")
    found = hindrance(case(WORK, target), after)
    assert found is not None
    finding = not_faster(after, ["w8a8"], found)
    assert finding.message == (
        "w8a8 is no faster here: 1 MatMul op (100 % of the MACs) would leave the NPU: It multiplies floats."
    )
    assert (finding.code, finding.row, finding.ops) == ("EP603", "toy/npu/bytes", ("product",))


def test_weights_that_are_expanded_leave_the_arithmetic_as_it_is(toy: Toy, toy_speeds: ToySpeeds) -> None:
    toy_speeds({"gbytes": {"*": 1000, "weights": 1000}})
    target = toy(ALL_RUN)
    after = case(WORK, target, "w8")
    found = hindrance(case(WORK, target), after)
    assert found is not None
    assert found.why == "the NPU computes in float32, whatever its weights are stored in"


def test_what_the_time_goes_to_is_the_reason(toy: Toy, toy_speeds: ToySpeeds) -> None:
    toy_speeds(
        {"precision": ["float32"], "floor": 100_000}, {"precision": ["int8"], "floor": 100_000, "gmacs": {"*": 200}}
    )
    target = toy(ALL_RUN)
    found = hindrance(case(WORK, target), case(WORK, target, "w8a8"))
    assert found is not None
    assert found.why.endswith("of the time (100 ms) goes to what any run and every launch takes")
    assert [e.key for e in found.evidence] == ["paper"]


def test_a_unit_that_multiplies_bytes_no_faster_is_the_reason(toy: Toy, toy_speeds: ToySpeeds) -> None:
    slow = {"gmacs": {"*": 1}, "precision": ["int8"], "note": "It counts them as floats."}
    toy_speeds({"gmacs": {"*": 1}, "precision": ["float32"]}, slow)
    target = toy(ALL_RUN)
    found = hindrance(case(WORK, target), case(WORK, target, "w8a8"))
    assert found is not None
    assert found.why == "the NPU multiplies int8 no faster than float32. It counts them as floats."


def test_schemes_are_listed(toy: Toy, toy_speeds: ToySpeeds) -> None:
    toy_speeds({"gbytes": {"*": 1000, "weights": 1000}})
    target = toy(ALL_RUN)
    after = case(WORK, target, "w8")
    found = hindrance(case(WORK, target), after)
    assert found is not None
    said = not_faster(after, ["w8", "w4", "w4-block32"], found).message
    assert said.startswith("w8, w4 and w4-block32 are no faster here: ")
    many = not_faster(after, ["w8", "w4", "palette8", "palette6", "palette4", "palette2"], found).message
    assert many.startswith("w8, w4, palette8, palette6 and 2 more are no faster here: ")
