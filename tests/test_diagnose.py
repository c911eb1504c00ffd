"""Each finding is raised by a minimal case, and absent from the same case without the trouble."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from edgeplan.finding import CODES, Confidence, Finding, Severity
from edgeplan.frontends.onnx import parse_text
from edgeplan.plan import Plan, analyze_graph
from edgeplan.target import Target, resolve

Toy = Callable[..., Target]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
CPU_RUNS = ALL_RUN.replace('"npu", ', "").replace('"all"', '"cpu"')
RELU = "g (float[16] x) => (float[16] y) { y = Relu (x) }"
OPEN = "g (float[N,16] x) => (y) { y = Relu (x) }"


def row(verdict: str, unit: str, op: str = "Relu", more: str = "") -> str:
    why = "" if verdict == "runs" else f'why = "{op} {verdict} there."\n'
    return f'id = "{op.lower()}-{unit}"\nops = ["{op}"]\nunit = ["{unit}"]\nverdict = "{verdict}"\n{why}{more}'


def plan(target: Target, text: str = RELU, **more: object) -> Plan:
    return analyze_graph(parse_text(text), target, **more)


def found(plan: Plan, code: str) -> Finding:
    return next(f for f in plan.findings if f.code == code)


WIDE = 'when = { "in.shape[0]" = { min = 100 } }'
DILATED = 'code = "EP205"\nmemory = "zero-filled-kernel"\nwhen = { "attr.dilations" = { some = { min = 2 } } }'
DILATION = """g (float[1,1,8,8] x) => (y) <float[1,1,2,2] w = {{1, 2, 3, 4}}> {{
    y = Conv <dilations = [{0}, {0}]> (x, w)
}}"""
ZIGZAG = "g (float[16] x) => (e) { a = Relu (x) b = Neg (a) c = Relu (b) d = Neg (c) e = Relu (d) }"
STRAIGHT = "g (float[16] x) => (e) { a = Relu (x) b = Relu (a) c = Neg (b) d = Relu (c) e = Relu (d) }"

SHAPES = """g (float[1,8,4,4] x) => (y)
    <int64 zero = {{0}}, int64 one = {{1}}, int64[1] axis = {{0}}, int64[1] rest = {{-1}}> {{
    a = Shape (x) b = Gather (a, zero) c = Gather (a, one) d = Unsqueeze (b, axis) e = Unsqueeze (c, axis)
    f = Concat <axis = 0> (d, e, rest) {0} y = Reshape (i, f)
}}"""
NINE = SHAPES.format("g = Identity (x) h = Dropout (g) i = Cast <to = 1> (h)")
EIGHT = SHAPES.format("g = Identity (x) h = Dropout (g) i = Relu (h)")
TURNED = """g (float[1,8,4,4] x) => (y) {{
    a = Transpose <perm = [0, 2, 3, 1]> (x) b = Relu (a) y = {0} (b)
}}"""
MASKED = "g (float[2,2] x, bool[2,2] m) => (y) <float low = {{{0}}}> {{ y = Where (m, low, x) }}"

CASES: Mapping[str, tuple[tuple[Sequence[str], Mapping[str, object], str, Mapping[str, object]], ...]] = {
    # code: (rows, target, text, analysis) with the trouble, then without it
    "EP001": (((ALL_RUN,), {}, OPEN, {"free": ("N",)}), ((ALL_RUN,), {}, RELU, {})),
    "EP002": (
        ((ALL_RUN,), {}, "g (float[16] x) => (y) { y = NonZero (x) }", {}),
        ((ALL_RUN,), {}, "g (float[16] x) => (int64[1,16] y) { y = NonZero (x) }", {}),
    ),
    "EP003": (
        ((ALL_RUN,), {}, "g (float[16] x) => (y) { y = Foo (x) }", {}),
        ((ALL_RUN,), {}, "g (float[16] x) => (float[16] y) { y = Foo (x) }", {}),
    ),
    "EP004": (((ALL_RUN,), {}, RELU, {"missing": ("w.bin",)}), ((ALL_RUN,), {}, RELU, {})),
    "EP101": (((row("refuses", "npu"), CPU_RUNS), {}, RELU, {}), ((ALL_RUN,), {}, RELU, {})),
    "EP102": (
        ((row("refuses", "npu", "Neg"), ALL_RUN), {}, ZIGZAG, {}),
        ((row("refuses", "npu", "Neg"), ALL_RUN), {}, STRAIGHT, {}),
    ),
    "EP103": (((CPU_RUNS,), {}, RELU, {}), ((ALL_RUN,), {}, RELU, {})),
    "EP104": (
        ((row("refuses", "npu"), row("refuses", "cpu")), {}, RELU, {}),
        ((row("refuses", "npu"), row("runs", "cpu")), {}, RELU, {}),
    ),
    "EP105": (((row("degrades", "npu"), CPU_RUNS), {}, RELU, {}), ((ALL_RUN,), {}, RELU, {})),
    "EP106": (
        ((row("refuses", "npu", more='code = "EP106"\ncheck = "dynamic_shape"'), ALL_RUN), {}, OPEN, {"free": ("N",)}),
        ((row("refuses", "npu", more='code = "EP106"\ncheck = "dynamic_shape"'), ALL_RUN), {}, RELU, {}),
    ),
    "EP107": (((), {}, RELU, {}), ((CPU_RUNS,), {}, RELU, {})),
    "EP108": (
        ((row("refuses", "npu", more='scope = "model"'), CPU_RUNS), {}, RELU, {}),
        ((row("refuses", "npu"), CPU_RUNS), {}, RELU, {}),
    ),
    "EP109": (
        ((row("refuses", "npu", "Neg"), ALL_RUN), {"partitions": {"npu": {"most": 1}}}, ZIGZAG, {}),
        ((row("refuses", "npu", "Neg"), ALL_RUN), {"partitions": {"npu": {"most": 3}}}, ZIGZAG, {}),
    ),
    "EP201": (((ALL_RUN,), {"limit": 127}, RELU, {}), ((ALL_RUN,), {"limit": 128}, RELU, {})),
    "EP202": (
        ((ALL_RUN,), {}, "g (float[2] x) => (y) <float[2] w = {1, 2}> { y = Add (x, w) }", {"size_budget": 7}),
        ((ALL_RUN,), {}, "g (float[2] x) => (y) <float[2] w = {1, 2}> { y = Add (x, w) }", {"size_budget": 8}),
    ),
    "EP203": (((ALL_RUN,), {"guidance": 127}, RELU, {}), ((ALL_RUN,), {"guidance": 128}, RELU, {})),
    "EP204": (((ALL_RUN,), {"limit": None}, RELU, {}), ((ALL_RUN,), {"limit": None, "given": 1000}, RELU, {})),
    "EP205": (
        ((ALL_RUN, row("degrades", "npu", "Conv", DILATED)), {}, DILATION.format(4), {}),
        ((ALL_RUN, row("degrades", "npu", "Conv", DILATED)), {}, DILATION.format(1), {}),
    ),
    "EP401": (((ALL_RUN,), {}, NINE, {}), ((ALL_RUN,), {}, EIGHT, {})),
    "EP402": (
        ((ALL_RUN,), {}, TURNED.format("Transpose <perm = [0, 3, 1, 2]>"), {}),
        ((ALL_RUN,), {}, TURNED.format("Neg"), {}),
    ),
    "EP501": (
        ((ALL_RUN,), {"precision": "float16"}, MASKED.format("-1e9"), {}),
        ((ALL_RUN,), {"precision": "float16"}, MASKED.format("-65504.0"), {}),
    ),
    "EP901": (
        ((ALL_RUN,), {}, "g (float[16] x) => (y) { y = Foo (x) }", {}),
        ((ALL_RUN,), {}, "g (float[16] x) => (float[16] y) { y = Foo (x) }", {}),
    ),
    "EP902": (
        ((ALL_RUN,), {}, "g (float[16] x, float[4,4] z) => (y) { a = Foo (x) y = MatMul (a, z) }", {}),
        ((ALL_RUN,), {}, "g (float[4,4] x, float[4,4] z) => (y) { y = MatMul (x, z) }", {}),
    ),
}


def test_every_code_has_a_case() -> None:
    elsewhere = {code for code in CODES if code.startswith(("EP3", "EP6", "EP7"))}  # in tests/diagnose, tests/splitting
    assert set(CASES) == set(CODES) - elsewhere


@pytest.mark.parametrize("code", CASES)
def test_the_trouble_is_found(toy: Toy, code: str) -> None:
    rows, target, text, analysis = CASES[code][0]
    finding = found(plan(toy(*rows, **target), text, **analysis), code)
    assert finding.severity is CODES[code].severity
    assert finding.message
    assert "\n" not in finding.message


@pytest.mark.parametrize("code", CASES)
def test_without_the_trouble_there_is_no_finding(toy: Toy, code: str) -> None:
    rows, target, text, analysis = CASES[code][1]
    assert code not in {f.code for f in plan(toy(*rows, **target), text, **analysis).findings}


def test_a_clean_model_has_no_finding(toy: Toy) -> None:
    assert plan(toy(ALL_RUN)).findings == ()


def test_ops_with_one_trouble_are_one_finding(toy: Toy) -> None:
    text = "g (float[16] x) => (d) { a = Relu (x) b = Neg (a) c = Relu (b) d = Neg (c) }"
    target = toy(row("refuses", "npu"), ALL_RUN)
    finding = found(plan(target, text), "EP101")
    assert finding.ops == ("a", "c")
    assert finding.message == "2 Relu ops leave the NPU for the CPU: Relu refuses there."
    assert finding.row == "toy/npu/relu-npu"
    assert finding.bytes_share == 0.5
    assert finding.macs_share is None or finding.macs_share == 0


def test_another_row_is_another_finding(toy: Toy) -> None:
    target = toy(row("refuses", "npu"), row("refuses", "npu", "Neg"), ALL_RUN)
    text = "g (float[16] x) => (b) { a = Relu (x) b = Neg (a) }"
    assert [f.row for f in plan(target, text).findings if f.code == "EP101"] == ["toy/npu/relu-npu", "toy/npu/neg-npu"]


def test_a_finding_names_the_ops_of_the_model_file(toy: Toy) -> None:
    target = toy(row("refuses", "npu", "Conv"), ALL_RUN)
    text = """g (float[1,2,4,4] x) => (y) <float[2] m = {1, 1}, float[2] b = {0, 0}, int64[4] k = {2,2,1,1}> {
        w = ConstantOfShape (k)
        [conv] c = Conv (x, w)
        [norm] y = BatchNormalization (c, m, b, b, m)
    }"""
    assert set(found(plan(target, text), "EP101").ops) == {"conv", "norm"}


def test_weak_evidence_is_said_as_likely(toy: Toy) -> None:
    likely = row("refuses", "npu", more='source = { rumour = "heard so" }\nagainst = { paper = "not so" }')
    finding = found(plan(toy(likely, ALL_RUN)), "EP101")
    assert finding.message.startswith("1 Relu op likely leaves the NPU for the CPU")
    assert finding.confidence is Confidence.LOW
    assert [e.words for e in finding.evidence] == ["heard so"]
    assert [e.words for e in finding.against] == ["not so"]


def test_an_op_that_hangs_on_an_unknown_size_names_the_row(toy: Toy) -> None:
    text = "g (float[16] x) => (y) { a = Foo (x) y = Relu (a) }"
    target = toy(row("refuses", "npu", more=WIDE), ALL_RUN)
    finding = found(plan(target, text), "EP103")
    assert finding.row == "toy/npu/relu-npu"
    assert "hangs on a size or value not known" in finding.message


def test_an_open_dimension_is_told_once(toy: Toy) -> None:
    codes = {f.code for f in plan(toy(row("refuses", "npu", more=WIDE), ALL_RUN), OPEN, free=("N",)).findings}
    assert codes == {"EP001"}


def test_an_op_that_only_another_op_is_known_of_is_unknown(toy: Toy) -> None:
    finding = found(plan(toy(ALL_RUN.replace("*", "Neg"))), "EP107")
    assert finding.message == "no row says whether the NPU runs Relu: 1 Relu op"


def test_an_accelerator_that_hands_on_to_another_is_only_a_note(toy: Toy) -> None:
    target = toy(row("refuses", "npu"), row("runs", "gpu"), units=("npu", "gpu", "cpu"))
    assert [f.code for f in plan(target).findings] == ["EP105"]


def test_a_fix_is_handed_on(toy: Toy) -> None:
    target = toy(row("refuses", "npu", more='fix = ["edgeplan rewrite --only x"]'), ALL_RUN)
    assert found(plan(target), "EP101").fix == ("edgeplan rewrite --only x",)


def test_the_worst_comes_first_then_the_code(toy: Toy) -> None:
    target = toy(row("refuses", "npu"), row("degrades", "npu", "Neg"), ALL_RUN, limit=10)
    findings = plan(target, "g (float[16] x) => (b) { a = Neg (x) b = Relu (a) }").findings
    assert [f.code for f in findings] == ["EP201", "EP101", "EP105", "EP602"]
    ranks = [f.severity.rank for f in findings]
    assert ranks == sorted(ranks, reverse=True)
    assert findings[0].severity is Severity.ERROR


def test_the_users_own_budget_counts_instead_of_the_devices(toy: Toy) -> None:
    assert not plan(toy(ALL_RUN, limit=10, given=1000)).findings
    assert "the budget is 100 B" in found(plan(toy(ALL_RUN, given=100)), "EP201").message


def test_a_refusal_that_fails_the_compilation_leaves_the_op_without_a_unit(toy: Toy) -> None:
    result = plan(toy(row("refuses", "npu", more='scope = "model"'), CPU_RUNS))
    assert [op.unit for op in result.ops] == [""]
    finding = found(result, "EP108")
    assert finding.message == "1 Relu op on which Toy fails to compile: Relu refuses there."
    assert {f.code for f in result.findings} == {"EP108"}


def test_a_unit_that_one_op_takes_with_it_is_lost_for_all(toy: Toy) -> None:
    target = toy(row("refuses", "npu", more='scope = "unit"'), ALL_RUN)
    result = plan(target, "g (float[16] x) => (c) { a = Neg (x) b = Relu (a) c = Neg (b) }")
    assert [op.unit for op in result.ops] == ["cpu"] * 3
    assert [(f.code, f.severity, f.message) for f in result.findings] == [
        ("EP108", Severity.WARNING, "the NPU takes no op at all, because of 1 Relu op: Relu refuses there.")
    ]


def test_parts_left_out_name_the_unit_and_its_evidence(toy: Toy) -> None:
    target = toy(row("refuses", "npu", "Neg"), ALL_RUN, partitions={"npu": {"least": 2}})
    result = plan(target, "g (float[16] x) => (d) { a = Relu (x) b = Relu (a) c = Neg (b) d = Relu (c) }")
    finding = found(result, "EP109")
    assert finding.message == "the NPU could run 1 Relu op more, but its runtime leaves out such small or late parts"
    assert finding.ops == ("d",)
    assert [e.key for e in finding.evidence] == ["paper"]


def test_parts_without_work_are_left_out_silently(toy: Toy) -> None:
    target = toy(row("refuses", "npu", "Neg"), ALL_RUN, partitions={"npu": {"idle": ("Reshape",)}})
    text = "g (float[16] x) => (c) <int64[2] s = {4,4}> { a = Neg (x) b = Reshape (a, s) c = Neg (b) }"
    result = plan(target, text)
    assert [op.unit for op in result.ops] == ["cpu"] * 3
    assert {f.code for f in result.findings} == {"EP101"}


def test_an_op_that_faster_kernels_of_the_same_processor_refuse_is_degraded_and_crosses_nothing(toy: Toy) -> None:
    target = toy(row("refuses", "kernels"), row("runs", "kernels", "Neg"), CPU_RUNS, units=("kernels", "cpu"))
    result = plan(target, "g (float[16] x) => (b) { a = Neg (x) b = Relu (a) }")
    assert [op.unit for op in result.ops] == ["kernels", "cpu"]
    assert [(f.code, f.message) for f in result.findings] == [
        ("EP105", "1 Relu op leaves the fast kernels for the CPU: Relu refuses there.")
    ]
    assert result.crossings == ()


def test_a_need_that_may_be_over_the_limit_is_a_warning(toy: Toy) -> None:
    grown = (ALL_RUN, row("degrades", "npu", "Conv", DILATED))
    peak = plan(toy(*grown), DILATION.format(4)).memory.peak
    assert peak.likely < peak.high
    over = plan(toy(*grown, limit=peak.likely), DILATION.format(4))
    assert found(over, "EP203").message.startswith(f"may need up to {peak.high} B, ")
    assert "EP201" not in {f.code for f in over.findings}


def test_what_only_users_report_is_said_and_not_counted(toy: Toy) -> None:
    rumour = DILATED + '\nsource = { rumour = "they say" }'
    reported = plan(toy(ALL_RUN, row("degrades", "npu", "Conv", rumour)), DILATION.format(4))
    assert reported.memory.peak.exact
    assert found(reported, "EP205").confidence is Confidence.LOW
    assert [q.size.high for q in reported.memory.quirks] == [4 * (25 - 4)]


def test_a_limit_lends_its_confidence_to_what_is_said_of_it(toy: Toy) -> None:
    over = toy(ALL_RUN, limit=127)
    trusted = replace(over, budget=replace(over.budget, confidence=Confidence.MEDIUM))
    assert found(plan(trusted), "EP201").confidence is Confidence.MEDIUM
    assert found(plan(toy(ALL_RUN, given=100)), "EP201").confidence is Confidence.HIGH


def test_more_than_all_the_ram_is_an_error_where_no_limit_is_known(toy: Toy) -> None:
    open_ = toy(ALL_RUN, limit=None)
    held = plan(open_).memory.peak.likely
    small, enough = (replace(open_, budget=replace(open_.budget, ram=ram)) for ram in (held - 1, held))
    assert found(plan(small), "EP201").message.endswith("RAM in all")
    assert {f.code for f in plan(enough).findings} == {"EP204"}
    given = replace(small, budget=replace(small.budget, given=held))
    assert plan(given).findings == ()


def test_a_device_too_small_to_build_on_is_a_warning() -> None:
    graph = parse_text("g (float[16] x) => (y) { y = Relu (x) }")
    target = resolve("jetson-nano")
    build = analyze_graph(graph, target).memory.build.likely
    assert build > 0
    small = replace(target, budget=replace(target.budget, limit=build - 1))
    assert "while it is built" in found(analyze_graph(graph, small), "EP203").message
    fits = analyze_graph(graph, replace(target, budget=replace(target.budget, limit=build)))
    assert not any("while it is built" in f.message for f in fits.findings)


def test_an_assumed_limit_is_no_error(toy: Toy) -> None:
    assumed = replace(toy(ALL_RUN, limit=127), budget=replace(toy(limit=127).budget, kind="assumed"))
    finding = found(plan(assumed), "EP203")
    assert finding.severity is Severity.WARNING
    assert "EP201" not in {f.code for f in plan(assumed).findings}


def test_a_model_that_does_not_fit_in_flash() -> None:
    target = resolve("arduino-nano-33-ble")
    rows = max(f.bytes for f in target.device.figures_of("flash")) // 64
    text = f"g (float[1,{rows}] x) => (y) <int64[2] s = {{{rows},32}}> {{ w = ConstantOfShape (s) y = MatMul (x, w) }}"
    assert "of flash" in found(analyze_graph(parse_text(text), target), "EP202").message
