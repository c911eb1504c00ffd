from __future__ import annotations

from collections.abc import Sequence

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph, Value
from edgeplan.lower.scheme import parse_scheme
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.coreml import package_weights, padded
from edgeplan.memory.term import Term
from edgeplan.place.lowered import as_compressed, lower_for
from edgeplan.target import resolve


def constant(kind: str, size: int, name: str = "w") -> str:
    """An initializer of ones, in ONNX text."""
    return f"{kind} {name} = {{{','.join(['1'] * size)}}}"


MLP = f"""g (float[1,64] x) => (float[1,64] y) <{constant("float[64,64]", 64 * 64)}> {{
    a = MatMul (x, w) y = Relu (a) }}"""
QUANTISED = f"""g (float[1,8,16,16] x) => (float[1,8,16,16] y)
    <{constant("int8[8,8,1,1]", 64)}, {constant("float[8]", 8, "s")}, {constant("int8[8]", 8, "z")}> {{
    w8 = DequantizeLinear <axis = 0> (w, s, z) y = Conv (x, w8) }}"""
COLUMN = "g (float[1,64,100,1] x) => (float[1,64,100,1] y) { a = Relu (x) y = Sigmoid (a) }"


def deployed(text: str, release: str = "iOS 17", units: Sequence[str] = ()) -> Deployment:
    device = "iphone14pro" if release >= "iOS 16" else "iphone11"
    target = resolve(device, "coreml", release, use=["gpu"])
    graph: Graph = lower_for(parse_text(f'<ir_version: 8, opset_import: ["" : 18]>\n{text}'), target)
    return Deployment(graph, target, tuple(units) or ("ane",) * len(graph.ops), ())


def plan(text: str, release: str = "iOS 17", unit: str = "ane") -> MemoryPlan:
    given = deployed(text, release)
    return plan_memory(Deployment(given.graph, given.target, (unit,) * len(given.graph.ops), ()))


def term(found: MemoryPlan, name: str) -> Term:
    return next(t for t in found.terms if t.name == name)


def names(found: MemoryPlan) -> set[str]:
    return {t.name for t in found.terms}


@pytest.mark.parametrize(
    ("dtype", "shape", "size"),
    [
        (DType.FLOAT16, (1, 3, 8, 32), 3 * 8 * 64),
        (DType.FLOAT16, (1, 3, 8, 33), 3 * 8 * 128),
        (DType.FLOAT16, (1, 3, 8, 1), 3 * 8 * 64),
        (DType.INT8, (4, 1), 4 * 64),
        (DType.FLOAT16, (), 2),
        (DType.FLOAT16, (4, 0), 0),
        (DType.FLOAT16, (4, "n"), None),
        (None, (4, 4), None),
    ],
)
def test_rows_are_padded_to_64_bytes(dtype: DType | None, shape: tuple[int | str, ...], size: int | None) -> None:
    assert padded(Value("v", dtype, shape)) == size


def test_weights_are_float16_and_exact_off_the_neural_engine() -> None:
    found = term(plan(MLP, unit="cpu"), "weights")
    assert (found.size, found.kind) == (Range.exactly(64 * 64 * 2), "computed")


def test_weights_of_the_neural_engine_may_lie_in_another_process() -> None:
    found = term(plan(MLP), "weights")
    assert found.size.low < found.size.likely == found.size.high == 64 * 64 * 2
    assert found.kind == "estimated"
    assert found.evidence


def test_a_network_of_ios_13_may_hold_its_weights_twice_as_wide() -> None:
    assert term(plan(MLP, "iOS 13", "cpu"), "weights").size == Range(64 * 64 * 2, 64 * 64 * 2, 64 * 64 * 4)
    assert term(plan(MLP, "iOS 15", "cpu"), "weights").size.exact


STORED, DENSE = 64 + 8 * 2 + 8, 64 * 2


@pytest.mark.parametrize(
    ("release", "unit", "size"),
    [
        ("iOS 16", "ane", Range(round(DENSE / 10), DENSE, DENSE)),
        ("iOS 16", "cpu", Range.exactly(DENSE)),
        ("iOS 17", "ane", Range(round(STORED / 10), STORED, DENSE)),
        ("iOS 17", "cpu", Range(STORED, DENSE, DENSE)),
        ("iOS 18", "gpu", Range(STORED, DENSE, DENSE)),
    ],
)
def test_compressed_weights_are_expanded_by_release_and_unit(release: str, unit: str, size: Range) -> None:
    found = term(plan(QUANTISED, release, unit), "compressed weights")
    assert found.size == size
    assert found.evidence


@pytest.mark.parametrize("units", [("ane", "cpu", "ane"), ("cpu", "cpu", "ane")])
def test_a_joint_form_is_expanded_where_the_last_of_its_ops_is(units: tuple[str, ...]) -> None:
    text = f"""g (float[1,64] x) => (float[1,64] y) <{constant("float[64,64]", 64 * 64)}> {{ y = MatMul (x, w) }}"""
    given = deployed(text, "iOS 18")
    joint = as_compressed(given.graph, given.target, parse_scheme("sparse50-w8"))
    assert [op.type for op in joint.ops][1:] == ["constexpr_sparse_to_dense", "linear"]
    found = term(plan_memory(Deployment(joint, given.target, units, ())), "compressed weights")
    assert found.size == Range(64 * 64 // 2 + 64 * 64 // 8 + 64 * 2, 64 * 64 * 2, 64 * 64 * 2)


def test_what_a_constexpr_op_expands_is_no_activation() -> None:
    found = plan(QUANTISED)
    assert found.pools[0].arena.size == 2 * 2 * 8 * 16 * 16
    assert term(found, "weights").size.high == 0


def test_the_package_holds_what_is_stored() -> None:
    assert package_weights(deployed(QUANTISED)) == STORED
    assert package_weights(deployed(MLP)) == 64 * 64 * 2


def test_the_package_holds_results_in_place_of_what_is_computed_from_constants() -> None:
    text = f"""g (float[1,64] x) => (float[1,64] y) <{constant("float[64,64]", 64 * 64)}> {{
        v = Transpose <perm = [1,0]> (w) y = MatMul (x, v) }}"""
    assert package_weights(deployed(text)) == 64 * 64 * 2


def test_activations_are_a_range_on_the_neural_engine_and_exact_elsewhere() -> None:
    ane, cpu = (term(plan(COLUMN, unit=unit), "arena") for unit in ("ane", "cpu"))
    assert cpu.size == Range.exactly(2 * 2 * 64 * 100)
    assert ane.size.low == cpu.size.low
    assert ane.size.high == 32 * cpu.size.high
    assert ane.evidence


def test_rows_that_fill_their_blocks_need_no_padding() -> None:
    text = "g (float[1,64,32,32] x) => (float[1,64,32,32] y) { a = Relu (x) y = Sigmoid (a) }"
    assert term(plan(text), "arena").size.exact


def test_a_row_of_one_element_inside_the_graph_is_padded_at_most() -> None:
    text = """g (float[1,64,100,32] x) => (float[1,64,100,32] y) <int64[1] axes = {3}> {
        a = ReduceMax <keepdims = 1> (x, axes) b = Sigmoid (a) y = Mul (x, b) }"""
    size = term(plan(text), "arena").size
    assert size.likely == size.low < size.high


@pytest.mark.parametrize(
    ("device", "times", "source"),
    [("iphone16", 5, "executorch-8439"), ("iphone15pro", 5, "executorch-8439"), ("iphone15", 1, "coremltools-2503")],
)
def test_compiling_for_the_neural_engine_is_a_range_of_the_load(device: str, times: int, source: str) -> None:
    given = deployed(MLP)
    target = resolve(device, "coreml", "iOS 18")
    found = plan_memory(Deployment(given.graph, target, given.units, ()))
    compiler = term(found, "Neural Engine compiler")
    assert (compiler.phase, compiler.size) == ("load", Range(0, 0, times * 64 * 64 * 2))
    assert source in {e.key for e in compiler.evidence}
    assert found.load.high > found.run.high


def test_what_does_not_run_on_the_neural_engine_is_not_compiled_for_it() -> None:
    assert "Neural Engine compiler" not in names(plan(MLP, unit="gpu"))


def test_a_graph_without_weights_loads_nothing() -> None:
    assert names(plan(COLUMN)) == {"weights", "arena"}


def test_a_body_never_runs_on_the_neural_engine() -> None:
    text = f"""g (bool c, float[1,64] x) => (float[1,64] y) <{constant("float[64,64]", 64 * 64)}> {{
        y = If (c) <then_branch = t () => (float[1,64] a) {{ a = MatMul (x, w) }},
                    else_branch = e () => (float[1,64] a) {{ a = Relu (x) }}> }}"""
    found = plan(text)
    assert term(found, "weights").size == Range.exactly(64 * 64 * 2)
    assert "Neural Engine compiler" not in names(found)
