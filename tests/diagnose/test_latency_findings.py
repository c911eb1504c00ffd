"""Each finding about time is raised by a minimal case, and absent from the same case without the trouble."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from edgeplan.finding import CODES, Finding, Severity
from edgeplan.frontends.onnx import parse_text
from edgeplan.plan import Outcome, Plan, analyze_graph
from edgeplan.target import Target

Toy = Callable[..., Target]
ToySpeeds = Callable[..., None]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
NO_TAN = 'id = "tan"\nops = ["Tan"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "No."\n'
TOO_SMALL = 'id = "row"\nops = ["Tan"]\nunit = ["npu", "cpu"]\nverdict = "refuses"\nwhy = "No."\n'

CPU: Mapping[str, object] = {"unit": ["cpu"], "floor": 0, "launch": {"*": 1}}
LINK: Mapping[str, object] = {
    "units": ["npu", "cpu"], "us": [100, 200, 300], "gbytes": 1, "why": "Timed.", "source": {"paper": "table 2"},
}  # fmt: skip


def transposes(us: float) -> Mapping[str, object]:
    why = "It copies twice."
    return {"penalty": [{"name": "turn", "ops": ["Transpose"], "why": why, "us": us, "source": {"rumour": "'slow'"}}]}


LANES: Mapping[str, object] = {"align": {"output": 32}, "gbytes": {"*": 1000, "weights": 1000}}

# 128 x 128 filters of 3 x 3 over 64 x 64: 604 M MACs, 6.0 ms, against 4.2 MB of values, 0.4 ms.
WORK = """g (float[1,128,64,64] x) => (float[1,{0},64,64] y) <int64[4] s = {{{0}, 128, 3, 3}}> {{
    w = ConstantOfShape (s)
    [heavy] y = Conv <pads = [1, 1, 1, 1]> (x, w)
}}"""
TINY = "g (float[16] x) => (float[16] y) { [small] y = Relu (x) }"
LARGE = "g (float[4096,1024] x) => (float[4096,1024] y) { [large] y = Relu (x) }"
WEIGHTS = """g (float[1,4096] x) => (float[1,4096] y) <int64[2] s = {4096, 4096}> {
    w = ConstantOfShape (s)
    [product] y = MatMul (x, w)
}"""
ISLAND = "g (float[1024,16] x) => (float[1024,16] z) { a = Relu (x) b = Tan (a) z = Relu (b) }"
TURNED = "g (float[64,64] x) => (float[64,64] z) { [turned] a = Transpose (x) z = Relu (a) }"


@dataclass(frozen=True)
class Made:
    """What a plan is made of."""

    text: str = WORK.format(128)
    speeds: Sequence[Mapping[str, object]] = ({},)
    rows: Sequence[str] = (ALL_RUN,)
    budget: float | None = None
    free: Sequence[str] = ()
    crossing: Sequence[Mapping[str, object]] = field(default_factory=tuple)


CASES: Mapping[str, tuple[Made, Made]] = {
    # code: with the trouble, then without it; the heavy convolution takes 6.15 ms, 4.92 to 7.69
    "EP301": (Made(budget=6.1e-3), Made(budget=6.2e-3)),
    "EP302": (Made(budget=7.6e-3), Made(budget=7.8e-3)),
    "EP303": (Made(speeds=(CPU,)), Made()),
    "EP304": (Made(text=TINY), Made()),
    "EP305": (Made(text=WEIGHTS), Made()),
    "EP306": (
        Made(ISLAND, ({}, CPU), (NO_TAN, ALL_RUN), crossing=(LINK,)),
        Made(ISLAND, ({}, CPU), (NO_TAN, ALL_RUN), crossing=(LINK | {"us": [1, 1, 1], "gbytes": 100},)),
    ),
    "EP307": (Made(TINY, ({}, CPU)), Made(speeds=({}, CPU | {"gmacs": {"*": 10}}))),
    "EP308": (Made(TURNED, (transposes(50),)), Made(TURNED, (transposes(20),))),
    "EP309": (Made(WORK.format(20), (LANES,)), Made(WORK.format(30), (LANES,))),
}


@pytest.fixture
def plan(toy: Toy, toy_speeds: ToySpeeds) -> Callable[[Made], Plan]:
    def make(made: Made) -> Plan:
        toy_speeds(*made.speeds, crossing=made.crossing)
        return analyze_graph(parse_text(made.text), toy(*made.rows), latency_budget=made.budget, free=tuple(made.free))

    return make


def found(plan: Plan, code: str) -> Finding:
    return next(f for f in plan.findings if f.code == code)


def test_every_code_has_a_case() -> None:
    assert set(CASES) == {code for code in CODES if code.startswith("EP3")}


@pytest.mark.parametrize("code", CASES)
def test_the_trouble_is_found(plan: Callable[[Made], Plan], code: str) -> None:
    finding = found(plan(CASES[code][0]), code)
    assert finding.severity is CODES[code].severity
    assert finding.message
    assert "\n" not in finding.message


@pytest.mark.parametrize("code", CASES)
def test_without_the_trouble_there_is_no_finding(plan: Callable[[Made], Plan], code: str) -> None:
    assert code not in {f.code for f in plan(CASES[code][1]).findings}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("EP301", "likely takes 6.15 ms (4.92 to 7.69 ms), the budget is 6.10 ms"),
        ("EP302", "may take up to 7.69 ms, the budget is 7.60 ms"),
        ("EP303", "no measured run is known of the NPU of T1, nor of its like"),
        ("EP304", ">99 % of the time hangs on no layer's size (100 us that any run takes, 10.0 us to launch 1 kernel)"),
        ("EP305", "98 % of the time on the NPU goes to moving bytes (64.0 MiB a run, >99 % of them weights)"),
        ("EP306", "goes to 2 hand-overs between units"),
        ("EP307", "takes 110 us (88.0 to 138 us) with the NPU, 1.01 us (0.81 to 1.27 us) without"),
        ("EP308", "1 Transpose op costs 28 % of the time (50.0 us) on the NPU: It copies twice."),
        ("EP309", "38 % of the arithmetic on the NPU works on zeros that fill up channels"),
    ],
)
def test_figures_are_told(plan: Callable[[Made], Plan], code: str, said: str) -> None:
    assert said in found(plan(CASES[code][0]), code).message


@pytest.mark.parametrize(("code", "op"), [("EP305", "product"), ("EP308", "turned"), ("EP309", "heavy")])
def test_the_ops_are_named_by_their_source(plan: Callable[[Made], Plan], code: str, op: str) -> None:
    assert found(plan(CASES[code][0]), code).ops == (op,)


def test_a_time_wholly_above_the_budget_is_no_guess(plan: Callable[[Made], Plan]) -> None:
    assert found(plan(Made(budget=4.9e-3)), "EP301").message.startswith("takes ")
    assert found(plan(Made(budget=5e-3)), "EP301").message.startswith("likely takes ")


def test_a_budget_nobody_can_hold_a_model_against_is_a_warning(plan: Callable[[Made], Plan]) -> None:
    made = plan(Made(speeds=(CPU,), budget=1.0))
    finding = found(made, "EP303")
    assert finding.severity is Severity.WARNING
    assert "whether it takes 1.00 s at most is not known: no measured run is known of the NPU" in finding.message
    assert made.outcome is Outcome.CANNOT_TELL


@pytest.mark.parametrize(
    "made",
    [
        Made(text="g (float[N,16] x) => (y) { y = Relu (x) }", free=("N",)),
        Made(text="g (float[16] x) => (y) { y = Tan (x) }", rows=(TOO_SMALL,)),
        Made(text="g (float[16] x) => (y) { a = Foo (x) y = Relu (a) }"),
        Made(speeds=()),
    ],
    ids=["open", "no unit", "no size", "no speeds at all"],
)
def test_what_others_say_or_nobody_can_help_is_not_said_again(plan: Callable[[Made], Plan], made: Made) -> None:
    without = plan(made)
    assert without.latency.total is None
    assert "EP303" not in {f.code for f in without.findings}


def test_a_large_floor_is_not_told_apart_from_the_launches_it_comes_with(plan: Callable[[Made], Plan]) -> None:
    few = found(plan(Made(text=TINY)), "EP304")
    chain = " ".join(f"v{i + 1} = Relu (v{i})" for i in range(30))
    many = found(plan(Made(text=f"g (float[16] v0) => (v30) {{ {chain} }}")), "EP304")
    assert few.message.endswith("a smaller model will not be faster")
    assert many.message.endswith("a smaller model will not be faster, one of fewer layers may")


def test_traffic_of_values_is_told_apart_from_weights(plan: Callable[[Made], Plan]) -> None:
    assert "(32.0 MiB a run, 0 % of them weights)" in found(plan(Made(text=LARGE)), "EP305").message


def test_ranges_that_meet_say_nothing_of_the_accelerator(plan: Callable[[Made], Plan]) -> None:
    slow = CPU | {"spread": [0.5, 100.0]}
    made = plan(Made(TINY, ({}, slow)))
    assert made.latency.elsewhere is not None
    assert made.latency.elsewhere.likely < made.latency.total.low
    assert "EP307" not in {f.code for f in made.findings}


def test_kernels_of_the_cpu_are_no_accelerator(toy: Toy, toy_speeds: ToySpeeds) -> None:
    toy_speeds({"unit": ["kernels"]}, CPU)
    runs = ALL_RUN.replace("npu", "kernels")
    made = analyze_graph(parse_text(TINY), toy(runs, units=("kernels", "cpu")))
    assert made.latency.total is not None
    assert "EP307" not in {f.code for f in made.findings}


def test_a_penalty_that_takes_more_than_a_third_is_a_warning(plan: Callable[[Made], Plan]) -> None:
    assert found(plan(Made(TURNED, (transposes(60),))), "EP308").severity is Severity.NOTE
    assert found(plan(Made(TURNED, (transposes(70),))), "EP308").severity is Severity.WARNING


def test_a_penalty_brings_its_own_evidence(plan: Callable[[Made], Plan]) -> None:
    finding = found(plan(CASES["EP308"][0]), "EP308")
    assert [e.key for e in finding.evidence] == ["rumour"]
    assert [e.key for e in found(plan(CASES["EP305"][0]), "EP305").evidence] == ["paper"]
