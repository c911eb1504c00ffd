"""Files nobody should have written: one clean line each, or a report without a trick in it."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper, parser

from edgeplan import ModelError, Plan, analyze
from edgeplan.frontends.onnx import BindingError
from edgeplan.report.json import render_json
from edgeplan.report.text import render_text

ROOT = Path(__file__).parents[1]
MEMORY = 3 * 2**30
TARGETS = ("iphone14pro", "jetson-orin-nano")


def value(name: str, shape: list[int | str] | None, kind: int = TensorProto.FLOAT) -> object:
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes: list[NodeProto], *weights: TensorProto, x: str = "x", y: str = "y", name: str = "g") -> ModelProto:
    graph = helper.make_graph(nodes, name, [value(x, [4])], [value(y, [4])], list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def traversal() -> ModelProto:
    w = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, text in (("location", "../../../../../etc/passwd"), ("offset", "0"), ("length", "16")):
        w.external_data.add(key=key, value=text)
    return model([helper.make_node("Add", ["x", "w"], ["y"])], w)


def huge_dims() -> ModelProto:
    w = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2**40, 2**40], raw_data=bytes(16))
    return model([helper.make_node("Add", ["x", "w"], ["y"])], w)


def cycle() -> ModelProto:
    return model([helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])], y="b")


def deep() -> ModelProto:
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["o"])], "l", [], [value("o", [4])])
    for i in range(24):
        other = helper.make_graph([helper.make_node("Identity", ["x"], ["q"])], "e", [], [value("q", [4])])
        node = helper.make_node("If", ["c"], [f"o{i}"], then_branch=graph, else_branch=other)
        graph = helper.make_graph([node], f"g{i}", [], [value(f"o{i}", [4])])
    graph.input.extend([value("c", [], TensorProto.BOOL), value("x", [4])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def constant_bomb() -> ModelProto:
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["c"]),
        helper.make_node("ReduceSum", ["c"], ["r"], keepdims=0),
        helper.make_node("Add", ["x", "r"], ["y"]),
    ]
    return model(nodes, numpy_helper.from_array(np.array([32768, 32768]), "s"))


def expand_bomb() -> ModelProto:
    nodes = [
        helper.make_node("Expand", ["w", "s"], ["c"]),
        helper.make_node("Gather", ["c", "i"], ["d"]),
        helper.make_node("ReduceSum", ["d"], ["r"], keepdims=0),
        helper.make_node("Add", ["x", "r"], ["y"]),
    ]
    w = numpy_helper.from_array(np.ones((1, 1), np.float32), "w")
    s, i = numpy_helper.from_array(np.array([60000, 30000]), "s"), numpy_helper.from_array(np.array(0), "i")
    return model(nodes, w, s, i)


def laughs() -> ModelProto:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("l", 1)]
    functions = [helper.make_function("l", "f40", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], opsets)]
    for i in range(40):
        calls = [helper.make_node(f"f{i + 1}", [a], [b], domain="l") for a, b in ("ac", "cb")]
        functions.append(helper.make_function("l", f"f{i}", ["a"], ["b"], calls, opsets))
    m = model([helper.make_node("f0", ["x"], ["y"], domain="l")])
    m.opset_import.append(opsets[1])
    m.functions.extend(functions)
    return m


def half() -> bytes:
    w = numpy_helper.from_array(np.ones((100, 100), np.float32), "w")
    data = model([helper.make_node("Add", ["x", "w"], ["y"])], w).SerializeToString()
    return data[: len(data) // 2]


REFUSED = {
    "traversal": (lambda: traversal().SerializeToString(), "outside the model's folder"),
    "huge-dims": (lambda: huge_dims().SerializeToString(), "declares 1099511627776x1099511627776"),
    "cycle": (lambda: cycle().SerializeToString(), "cycle"),
    "truncated": (half, "truncated"),
    "garbage": (lambda: b"\x89PNG\r\n" + bytes(range(256)) * 20, "ONNX"),
    "empty": (lambda: b"", "empty"),
    "deep": (lambda: deep().SerializeToString(), "deep"),
    "constant-bomb": (lambda: constant_bomb().SerializeToString(), "makes a constant"),
    "expand-bomb": (lambda: expand_bomb().SerializeToString(), "makes a constant"),
    "function-bomb": (lambda: laughs().SerializeToString(), "unfold"),
}


TELLING_ITS_PEAK = """
import atexit, pathlib, sys
place = pathlib.Path(sys.argv.pop())
atexit.register(lambda: place.write_text(pathlib.Path("/proc/self/status").read_text()))
from edgeplan.cli.main import main
main()
"""
"""The command line, which leaves what Linux knows of its memory in the file that is its last argument."""


def peak(place: Path) -> int:
    """The most bytes that were resident: of this program alone, not of the one that was forked to start it."""
    (line,) = [line for line in place.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def run(file: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The command line on a file, within an address space of 3 GiB."""
    return subprocess.run(
        [
            *(sys.executable, "-c", TELLING_ITS_PEAK, "analyze", str(file), "--target", "iphone14pro", *more),
            str(file.parent / "status"),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    content, message = REFUSED[case]
    file = tmp_path / f"{case}.onnx"
    file.write_bytes(content())
    result = run(file)
    assert result.returncode == 3, result.stderr
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"edgeplan: {case}.onnx: ")
    assert message in line
    assert peak(tmp_path / "status") < 2**30


@pytest.mark.parametrize("path", [".", "absent.onnx", "\x1b[31mred\n.onnx"])
def test_a_path_that_is_no_model_is_refused_in_one_line(path: str, tmp_path: Path) -> None:
    result = run(tmp_path / path)
    assert (result.returncode, result.stdout) == (3, "")
    (line,) = result.stderr.splitlines()
    assert re.fullmatch(r"edgeplan: .+: .+", line)
    assert line.isprintable()


HOSTILE = (
    "esc \x1b[31mred\x1b[0m \x1b]0;title\x07",
    "line\nedgeplan: all is well\r\n",
    "bidi \u202egnp.exe\u2066 \u200b\ufeff",
    "nul \x00 del \x7f c1 \x9b31m",
    "[bold red]markup[/] :smile: %s {} <script>alert(1)</script>",
    "very long " + "x" * 100_000,
)


def hostile(name: str) -> ModelProto:
    """The name wherever a model may have one, on ops that give findings."""
    m = model([], x=f"in {name}", y=f"out {name}", name=f"graph {name}")
    m.graph.input[0].type.CopyFrom(value("x", [f"dim {name}", 3, 8, 8]).type)
    m.graph.output[0].type.tensor_type.ClearField("shape")
    m.graph.node.extend(
        [
            helper.make_node("FooBar", [f"in {name}"], [f"a {name}"], f"op {name}", domain=f"acme {name}"),
            helper.make_node(f"Foo {name}", [f"a {name}"], [f"b {name}"], **{f"attr {name}": name}),
            helper.make_node("Loop", ["n", "", f"b {name}"], [f"out {name}"], f"loop {name}", body=_body(name)),
        ]
    )
    m.graph.initializer.append(numpy_helper.from_array(np.array(3), "n"))
    return m


def _body(name: str) -> GraphProto:
    ins = [value("i", [], TensorProto.INT64), value("c", [], TensorProto.BOOL), value(f"v {name}", None)]
    outs = [value("d", [], TensorProto.BOOL), value(f"w {name}", None)]
    nodes = [
        helper.make_node("Identity", ["c"], ["d"]),
        helper.make_node("Bar", [f"v {name}"], [f"w {name}"], f"inner {name}", domain="acme"),
    ]
    return helper.make_graph(nodes, f"body {name}", ins, outs)


def steers(text: str) -> list[str]:
    """Characters that move a cursor, hide text or turn it round."""
    return [c for c in text if c != "\n" and (ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u200b\ufeff")]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_report_shows_names_and_obeys_none(name: str, tmp_path: Path) -> None:
    plan = analyze(hostile(name))
    for text in (render_text(plan), render_text(plan, everything=True)):
        assert not steers(text)
        assert "edgeplan: all is well" not in text.splitlines()
        assert max(map(len, text.splitlines())) <= 120
    assert not re.search("[\x00-\x09\x0b-\x1f]", render_json(plan))


def test_the_command_line_escapes_names_and_answers_with_its_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "hostile.onnx"
    file.write_bytes(hostile("".join(HOSTILE[:5])).SerializeToString())
    for more, code in (("--fail-on=warning",), 1), (("--fail-on=never",), 0), (("--fail-on=never", "--strict"), 4):
        result = run(file, *more)
        assert (result.returncode, result.stderr) == (code, "")
        assert result.stdout
        assert not steers(result.stdout)


def test_a_custom_op_is_reported_as_one_nobody_knows(tmp_path: Path) -> None:
    file = tmp_path / "custom.onnx"
    file.write_bytes(model([helper.make_node("FooBar", ["x"], ["y"], domain="com.acme")]).SerializeToString())
    result = run(file)
    assert result.returncode == 0
    assert "com.acme.FooBar" in result.stdout
    assert run(file, "--fail-on", "warning").returncode == 1


# Odd, yet valid

ODD = {
    "no nodes, no inputs": "g () => () { }",
    "no nodes, output is input": "g (float[4] x) => (float[4] x) { }",
    "no nodes, output is weight": "g () => (float[2] w) <float[2] w = {1, 2}> { }",
    "no inputs": "g () => (float[2] y) { y = RandomNormal <shape = [2]> () }",
    "only constants": "g () => (float[2] y) <float[2] w = {1, 2}> { y = Relu (w) }",
    "no outputs": "g (float[4] x) => () { y = Relu (x) }",
    "an input nobody reads": "g (float[4] x, float[9] z) => (float[4] y) { y = Relu (x) }",
    "an output twice": "g (float[4] x) => (float[4] y, float[4] y) { y = Relu (x) }",
    "scalars": "g (float x) => (float y) { y = Relu (x) }",
    "sizes of zero": "g (float[0, 3] x) => (float[0, 3] y) { y = Relu (x) }",
    "a product over nothing": "g (float[2, 0] x, float[0, 3] z) => (float[2, 3] y) { y = MatMul (x, z) }",
    "a convolution of nothing": """g (float[0, 3, 8, 8] x) => (float[] y) <float[1, 3, 1, 1] w = {1, 2, 3}>
        { y = Conv (x, w) }""",
    "sizes beyond memory": "g (float[4611686018427387904, 4] x) => (float[] y) { y = MatMul (x, x) }",
    "a loop that never ends": """g (float[4, 4] x) => (float[] y) <int64 n = {9223372036854775807}> {
        y = Loop (n, "", x)
        <body = b (int64 i, bool c, float[4, 4] v) => (bool d, float[4, 4] w)
        { d = Identity (c) w = MatMul (v, v) }> }""",
    "nothing but copies": "g (float[4] x) => (float[4] y) { a = Identity (x) b = Dropout (a) y = Identity (b) }",
    "a scalar loop": """g (int64 n) => (int64 y) { y = Loop (n, "", n)
        <body = b (int64 i, bool c, int64 v) => (bool d, int64 w) { d = Identity (c) w = Add (v, i) }> }""",
    "an empty branch": """g (bool c, float[4] x) => (float[] y) {
        y = If (c) <then_branch = t () => (x) { }, else_branch = e () => (float[] q) { q = Neg (x) }> }""",
    "strings": "g (string[2] x) => (string[] y) { y = StringNormalizer <is_case_sensitive = 1> (x) }",
    "a sequence": "g (seq(float[N]) x, int64 i) => (float[] y) { y = SequenceAt (x, i) }",
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", ODD)
def test_odd_graphs_have_a_plan(case: str, target: str) -> None:
    plan = analyze(parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {ODD[case]}'), target)
    assert render_text(plan, everything=True)
    assert render_json(plan)
    assert plan.memory.peak.low >= 0


# Fuzzing


def seed() -> ModelProto:
    """A little of everything: convolution, shapes, quantisation, control flow, a recurrent layer, a custom op."""
    return parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 20, "com.microsoft" : 1]>
    g (float[N, 3, 8, 8] x, bool c) => (float[] y, float[] z)
    <float[4, 3, 3, 3] w = {WEIGHTS}, float[4] b = {1, 2, 3, 4}, int64[2] two = {0, -1}, int64[1] axis = {1},
     float s = {0.5}, uint8 q = {3}, int64 n = {3}, float[1, 8, 3] r = {RECURRENT}, float[1, 8, 2] rr = {HIDDEN}>
    {
        a = Conv <pads = [1, 1, 1, 1]> (x, w, b)
        bn = BatchNormalization (a, b, b, b, b)
        k = HardSigmoid <alpha = 0.16666667> (bn)
        h = Mul (bn, k)
        p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (h)
        u = Resize <mode = "nearest"> (p, "", scales)
        scales = Constant <value = float[4] {1, 1, 2, 2}> ()
        f = Reshape (u, two)
        m = ReduceMean <keepdims = 1> (f, axis)
        d = Sub (f, m)
        i = QuantizeLinear (d, s, q)
        j = DequantizeLinear (i, s, q)
        l = Loop (n, "", j) <body = body (int64 it, bool go, float[] v) => (bool on, float[] o)
            { on = Identity (go) o = Softmax <axis = -1> (v) }>
        y = If (c) <then_branch = t () => (float[] t1) { t1 = Gelu (l) },
                    else_branch = e () => (float[] e1) { e0 = Transpose <perm = [1, 0]> (l) e1 = Transpose (e0) }>
        sq = Squeeze (x3)
        x3 = Slice (x, one, twos, axis)
        one = Constant <value_ints = [0]> ()
        twos = Constant <value_ints = [1]> ()
        g1 = LSTM <hidden_size = 2> (sq, r, rr)
        z = com.microsoft.FastGelu (g1)
    }""".replace("WEIGHTS", ",".join("1" * 108))
        .replace("RECURRENT", ",".join("1" * 24))
        .replace("HIDDEN", ",".join("1" * 16))
    )


SEED = seed().SerializeToString()


def plan_or_refuse(m: ModelProto | Path, target: str) -> None:
    with suppress(ModelError, BindingError):
        plan = analyze(m, target)
        assert isinstance(plan, Plan)
        render_text(plan)
        render_json(plan)


FUZZ = settings(deadline=None, max_examples=120, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("target", TARGETS)
def test_the_seed_of_the_fuzzing_is_read_whole(target: str) -> None:
    plan = analyze(seed(), target, dims={"N": 2})
    assert plan.memory.activations
    assert plan.model.macs
    assert plan.model.outputs == {"y": "float32[2, 256]", "z": "float32[2, 1, 8, 2]"}


@FUZZ
@given(st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.integers(0, 255)), max_size=6), st.sampled_from(TARGETS))
def test_changed_bytes_give_a_plan_or_a_refusal(changes: list[tuple[int, int]], target: str) -> None:
    data = bytearray(SEED)
    for at, byte in changes:
        data[at] = byte
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        file.write(data)
        file.flush()
        plan_or_refuse(Path(file.name), target)


SIZES = st.sampled_from([0, 1, 2, 3, 7, -1, -2, 100, 2**31, 2**40, 2**62, 2**63 - 1, -(2**63)])
NUMBERS = st.sampled_from([0.0, 1.0, -1.0, 1e30, float("nan"), float("inf")])
TEXTS = st.sampled_from(["", "NOTSET", "SAME_UPPER", "linear", "nearest", "reflect", "a\x1b", "ij,jk->ik"])
VALUES = st.one_of(
    SIZES,
    NUMBERS,
    TEXTS,
    st.lists(SIZES, min_size=1, max_size=5),
    st.lists(NUMBERS, min_size=1, max_size=3),
    st.lists(TEXTS, min_size=1, max_size=3),
)


def nodes(graph: GraphProto) -> list[NodeProto]:
    inner = [a.g for n in graph.node for a in n.attribute if a.type == AttributeProto.GRAPH]
    return [*graph.node, *(n for g in inner for n in nodes(g))]


def mutate(m: ModelProto, data: st.DataObject) -> None:
    """One change that an exporter with a fault, or somebody with an aim, could have made."""
    node = data.draw(st.sampled_from(nodes(m.graph)))
    change = data.draw(
        st.sampled_from(["attribute", "same type", "drop", "input", "dims", "operator", "opset", "weight"])
    )
    names = [*(i.name for i in m.graph.input), *(t.name for t in m.graph.initializer), *m.graph.node[0].output, ""]
    if change == "attribute" and node.attribute:
        at = data.draw(st.integers(0, len(node.attribute) - 1))
        node.attribute[at].CopyFrom(helper.make_attribute(node.attribute[at].name, data.draw(VALUES)))
    elif change == "same type" and node.attribute:
        a = data.draw(st.sampled_from(list(node.attribute)))
        if a.type == AttributeProto.INTS:
            a.ints[:] = data.draw(st.lists(SIZES, max_size=6))
        elif a.type == AttributeProto.INT:
            a.i = data.draw(SIZES)
        elif a.type == AttributeProto.FLOAT:
            a.f = data.draw(NUMBERS)
        elif a.type == AttributeProto.STRING:
            a.s = data.draw(TEXTS).encode()
    elif change == "drop" and node.input:
        del node.input[data.draw(st.integers(0, len(node.input) - 1))]
    elif change == "input" and node.input:
        node.input[data.draw(st.integers(0, len(node.input) - 1))] = data.draw(st.sampled_from(names))
    elif change == "dims":
        kind = m.graph.input[0].type.tensor_type
        del kind.shape.dim[:]
        for size in data.draw(st.lists(SIZES, max_size=6)):
            kind.shape.dim.add().dim_value = size
        kind.elem_type = data.draw(st.integers(0, 27))
    elif change == "operator":
        node.op_type = data.draw(
            st.sampled_from(["Conv", "Gemm", "Concat", "Split", "Where", "TopK", "GRU", "Pad", "Mystery"])
        )
    elif change == "opset":
        m.opset_import[0].version = data.draw(st.integers(1, 30))
    elif change == "weight":
        t = data.draw(st.sampled_from(list(m.graph.initializer)))
        count = data.draw(st.integers(0, 9))
        kind = data.draw(st.sampled_from([TensorProto.INT64, TensorProto.FLOAT, TensorProto.INT32, TensorProto.BOOL]))
        array = np.array(data.draw(st.lists(st.integers(-3, 9), min_size=count, max_size=count)))
        name = t.name
        t.CopyFrom(numpy_helper.from_array(array.astype(helper.tensor_dtype_to_np_dtype(kind)), name))


@FUZZ
@given(st.data(), st.integers(1, 4), st.sampled_from(TARGETS))
def test_changed_models_give_a_plan_or_a_refusal(data: st.DataObject, changes: int, target: str) -> None:
    m = ModelProto.FromString(SEED)
    for _ in range(changes):
        mutate(m, data)
    plan_or_refuse(m, target)
