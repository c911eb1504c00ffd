from __future__ import annotations

from random import Random

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.halves import Halves, cut_in_two
from tests.surgery.graphs import seeded
from tests.surgery.harness import model
from tests.surgery.splitting.trial import closed, halves_of, prefix, protos, wrong

CHAIN = """g (float[1,3,8,8] x, float[4,3,3,3] w, float[4,4,1,1] v) => (float[1,4,6,6] y) {
    [conv] a = Conv (x, w) [relu] b = Relu (a) [more] c = Conv (b, v) [last] y = Relu (c)
}"""
X = {"x": np.random.default_rng(0).standard_normal((1, 3, 8, 8)).astype(np.float32)}


def chain() -> ModelProto:
    return model(CHAIN, weights=["w", "v"])


def refusal(text: str | ModelProto, cloud: list[str]) -> str:
    found = cut_in_two(Draft.open(parse_model(text) if isinstance(text, str) else text), cloud)
    assert isinstance(found, str), found
    return found


def sides(halves: Halves) -> tuple[list[str], list[str]]:
    """The op types of the device and of the cloud."""
    assert halves.device is not None
    assert halves.cloud is not None
    device, cloud = ([n.op_type for n in half.model.graph] for half in (halves.device, halves.cloud))
    return device, cloud


def test_a_chain_is_cut_where_it_is_asked_for() -> None:
    source = chain()
    halves = halves_of(source, ["more", "last"])
    assert sides(halves) == (["Conv", "Relu"], ["Conv", "Relu"])
    assert (halves.boundary, halves.carried) == (("b",), ())
    device, cloud = protos(halves)
    assert [t.name for t in device.graph.initializer] == ["w"]
    assert [t.name for t in cloud.graph.initializer] == ["v"]
    assert [i.name for i in device.graph.input] == ["x"]
    assert [o.name for o in device.graph.output] == [i.name for i in cloud.graph.input] == ["b"]
    assert wrong(source, halves, X) == ""


def test_all_or_nothing_is_one_model() -> None:
    source = chain()
    here, there = halves_of(source, ()), halves_of(source, ["conv", "relu", "more", "last"])
    assert here.cloud is None
    assert there.device is None
    assert (here.boundary, here.carried, there.boundary, there.carried) == ((), (), (), ("x",))
    assert wrong(source, here, X) == wrong(source, there, X) == ""


def test_the_draft_stays_as_it_is() -> None:
    draft = Draft.open(chain())
    before = [(n.name, [v.name for v in n.inputs]) for n in draft.model.graph]
    assert isinstance(cut_in_two(draft, ["last"]), Halves)
    assert [(n.name, [v.name for v in n.inputs]) for n in draft.model.graph] == before
    assert [o.name for o in draft.model.graph.outputs] == ["y"]


def test_nothing_comes_back() -> None:
    assert refusal(chain(), ["relu"]) == (
        "op 'more' of the device reads 'b', which 'relu' makes in the cloud: nothing comes back from there"
    )


def test_a_name_that_no_op_has() -> None:
    assert refusal(chain(), ["last", "nobody"]) == "no op is called 'nobody'"


def test_an_input_of_both_sides_is_an_input_of_both() -> None:
    source = parse_model("""g (float[4] x, float[4] z) => (float[4] y) {
        [here] a = Relu (x) [there] b = Add (a, x) [last] y = Mul (b, z)
    }""")
    halves = halves_of(source, ["there", "last"])
    assert (halves.boundary, halves.carried) == (("a",), ("x", "z"))
    assert halves.device is not None
    assert [v.name for v in halves.device.model.graph.inputs] == ["x"]
    assert wrong(source, halves, {n: np.float32([1, -2, 3, 4]) for n in "xz"}) == ""


def test_an_input_that_nobody_reads_stays_on_the_device() -> None:
    source = parse_model("g (float[4] x, float[4] idle) => (float[4] y) { [one] a = Relu (x) [two] y = Neg (a) }")
    halves = halves_of(source, ["two"])
    assert [[i.name for i in part.graph.input] for part in protos(halves)] == [["x", "idle"], ["a"]]


def test_outputs_of_the_device_are_not_the_clouds() -> None:
    source = parse_model("""g (float[4] x) => (float[4] a, float[4] c, float[4] y) {
        [one] a = Relu (x) [two] b = Neg (a) [aside] c = Abs (x) [last] y = Mul (a, b)
    }""")
    halves = halves_of(source, ["two", "last"])
    device, cloud = protos(halves)
    assert [o.name for o in device.graph.output] == ["a", "c"]  # `a` is handed over, and an output all the same
    assert [i.name for i in cloud.graph.input] == ["a"]
    assert [o.name for o in cloud.graph.output] == ["y"]
    assert wrong(source, halves, {"x": np.float32([1, -2, 3, 4])}) == ""


def test_weights_and_what_is_made_of_them_alone_stand_on_both_sides() -> None:
    source = model(
        """g (float[1,4] x, float[4,4] w) => (float[1,4] y) {
            [flip] t = Transpose (w) [one] a = MatMul (x, t) [two] y = MatMul (a, t)
        }""",
        weights=["w"],
    )
    for cloud in (["two"], ["flip", "two"]):
        halves = halves_of(source, cloud)
        assert halves.boundary == ("a",)
        assert sides(halves) == (["Transpose", "MatMul"], ["Transpose", "MatMul"])
        assert wrong(source, halves, {"x": np.float32([[1, -2, 3, 4]])}) == ""


SHAPES = """g (float[2,3,4] x) => (float[2,12] y) <int64[1] one = {1}, int64[1] at = {0}, int64[1] rest = {-1}> {
    [act] a = Relu (x) [shape] s = Shape (a) [first] f = Gather (s, at) [join] t = Concat <axis = 0> (f, rest)
    [neg] n = Neg (a) [last] y = Reshape (n, t)
}"""


@pytest.mark.parametrize("cloud", [["last"], ["neg", "last"], ["shape", "neg", "last"], ["join", "last"]])
def test_sizes_that_are_known_are_not_handed_over(cloud: list[str]) -> None:
    halves = halves_of(parse_model(SHAPES), cloud)
    assert halves.boundary == (("a",) if "neg" in cloud else ("n",))
    assert "Shape" not in sides(halves)[1]
    x = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)
    assert wrong(parse_model(SHAPES), halves, {"x": x}) == ""


def test_sizes_that_are_known_do_not_come_back_either() -> None:
    source = parse_model("""g (float[2,3] x, float[4] z) => (float[2,3] y, float[6] u) <int64[1] rest = {-1}> {
        [here] a = Relu (x) [there] y = Neg (a) [shape] s = Size (y) [flat] f = Reshape (s, rest)
        [own] e = Expand (o, f) [wide] u = Cos (e) [zed] o = ReduceSum <keepdims = 1> (z)
    }""")
    halves = halves_of(source, ["there"])
    assert halves.boundary == ("a",)
    feeds = {"x": np.ones((2, 3), np.float32), "z": np.float32([1, -2, 3, 4])}
    assert wrong(source, halves, feeds) == ""


def test_chance_is_taken_once() -> None:
    source = parse_model("""g (float[4] x) => (float[4] y) <int64[1] s = {4}> {
        [dice] r = RandomNormal <shape = [4], seed = 3.0> () [one] a = Add (x, r) [two] y = Sub (a, r)
    }""")
    halves = halves_of(source, ["two"])
    assert halves.boundary == ("r", "a")
    assert sides(halves) == (["RandomNormal", "Add"], ["Sub"])


BRANCHES = """g (float[4] x, bool c) => (float[4] y) {
    [one] a = Relu (x) [two] b = Neg (x)
    [either] y = If (c) <then_branch = t () => (float[4] p) { p = Exp (a) },
                         else_branch = e () => (float[4] q) { q = Abs (b) }>
}"""


@pytest.mark.parametrize("holds", [True, False])
def test_what_bodies_read_of_the_graph_around_them_is_handed_over(holds: bool) -> None:
    source = parse_model(BRANCHES)
    halves = halves_of(source, ["either"])
    assert (halves.boundary, halves.carried) == (("a", "b"), ("c",))
    assert wrong(source, halves, {"x": np.float32([1, -2, 3, 4]), "c": np.array(holds)}) == ""
    assert refusal(BRANCHES, ["two"]).startswith("op 'either' of the device reads 'b', which 'two' makes")


KNOWN = """g (float[2,4] x) => (float[2,4] y) <int64 two = {2}, int64 at = {0}, float[4] k = {1, 2, 3, 4}> {
    [shape] s = Shape (x) [size] n = Gather (s, at) [same] c = Equal (n, two)
    [either] a = If (c) <then_branch = t () => (float[2,4] r) { [in1] p = Mul (x, k) [in2] r = Exp (p) },
                         else_branch = e () => (float[2,4] q) { [in3] q = Abs (x) }>
    [last] y = Neg (a)
}"""


def test_a_branch_that_is_known_to_be_taken_can_be_cut() -> None:
    source = parse_model(KNOWN)
    assert [op.name for op in Draft.open(source).graph.ops][3:6] == ["in1", "in2", "either"]
    halves = halves_of(source, ["in2", "either", "last"])
    assert (halves.boundary, halves.carried) == (("p",), ())
    assert sides(halves) == (["Mul"], ["Exp", "Identity", "Neg"])
    assert wrong(source, halves, {"x": np.ones((2, 4), np.float32)}) == ""


def test_names_of_a_branch_and_of_the_graph_around_it_are_told_apart() -> None:
    text = KNOWN.replace("[in1]", "[last]").replace("[in2]", "[shape]")
    source = parse_model(text)
    names = [op.name for op in Draft.open(source).graph.ops]
    halves = halves_of(source, names[4:])
    for part in protos(halves):
        assert len({n.name for n in part.graph.node}) == len(part.graph.node)
    assert wrong(source, halves, {"x": np.ones((2, 4), np.float32)}) == ""


def test_a_branch_may_give_several_results() -> None:
    source = parse_model("""g (float[4] x) => (float[4] y, float[4] z) <bool c = {1}> {
        [either] a, b = If (c) <then_branch = t () => (float[4] p, float[4] q) { p = Exp (x) q = Abs (x) },
                                else_branch = e () => (float[4] r, float[4] s) { r = Abs (x) s = Neg (x) }>
        [one] y = Neg (a) [two] z = Neg (b)
    }""")
    halves = halves_of(source, ["one", "two"])
    assert halves.boundary == ("a", "b")
    assert wrong(source, halves, {"x": np.float32([1, -2, 3, 4])}) == ""


def test_loops_stay_whole() -> None:
    source = parse_model("""g (float[4] x) => (float[4] y) <int64 n = {3}, bool go = {1}> {
        [one] a = Relu (x)
        [turn] y = Loop (n, go, x) <body = b (int64 i, bool c, float[4] v) => (bool d, float[4] w)
            { d = Identity (c) w = Add (v, a) }>
    }""")
    halves = halves_of(source, ["turn"])
    assert (halves.boundary, halves.carried) == (("a",), ("x",))
    assert wrong(source, halves, {"x": np.float32([1, -2, 3, 4])}) == ""


def test_functions_are_written_out() -> None:
    source = onnx.parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 18, "own" : 1]>
        g (float[4] x) => (float[4] y) { a = own.twice (x) y = Neg (a) }
        <domain: "own", opset_import: ["" : 18]> twice (p) => (q) { r = Abs (p) q = Add (r, r) }
    """)
    names = [op.name for op in Draft.open(source).graph.ops]
    assert len(names) == 3
    halves = halves_of(source, names[1:])
    assert sides(halves) == (["Abs"], ["Add", "Neg"])
    assert not protos(halves)[0].functions
    assert wrong(source, halves, {"x": np.float32([1, -2, 3, 4])}) == ""


def test_weights_that_could_be_fed_are_weights() -> None:
    source = chain()
    source.graph.input.extend(
        helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in source.graph.initializer
    )
    halves = halves_of(source, ["more", "last"])
    assert [[i.name for i in part.graph.input] for part in protos(halves)] == [["x"], ["b"]]
    assert wrong(source, halves, X) == ""


def test_weights_of_old_models_are_weights_too() -> None:
    source = chain()
    source.ir_version = 3
    source.opset_import[0].version = 8
    source.graph.input.extend(
        helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in source.graph.initializer
    )
    halves = halves_of(source, ["more", "last"])
    assert [part.ir_version for part in protos(halves)] == [4, 4]
    assert wrong(source, halves, X) == ""


def test_all_that_a_model_says_of_itself_is_said_by_both() -> None:
    source = chain()
    source.producer_name, source.domain, source.model_version, source.doc_string = "maker", "org", 7, "the model"
    source.metadata_props.add(key="author", value="me")
    source.opset_import.append(helper.make_opsetid("com.acme", 3))
    source.graph.doc_string, source.graph.input[0].doc_string = "the graph", "what goes in"
    source.graph.node[0].doc_string = "a node"
    device, cloud = protos(halves_of(source, ["more", "last"]))
    for part in (device, cloud):
        for field in ("ir_version", "producer_name", "domain", "model_version", "doc_string"):
            assert getattr(part, field) == getattr(source, field)
        assert part.metadata_props == source.metadata_props
        assert part.opset_import == source.opset_import
        assert part.graph.doc_string == "the graph"
    assert device.graph.input[0].doc_string == "what goes in"
    assert device.graph.node[0].doc_string == "a node"


def test_weights_are_shared_out() -> None:
    source = chain()
    parts = protos(halves_of(source, ["more", "last"]))
    sizes = [sum(len(t.raw_data) for t in m.graph.initializer) for m in (source, *parts)]
    assert sizes[0] == sizes[1] + sizes[2]


@pytest.mark.parametrize(
    ("text", "cloud", "why"),
    [
        ("g (float[N,4] x) => (float[N,4] y) { [one] a = Relu (x) [two] y = Neg (a) }", ["two"],
         "'a' would be handed over with the free shape Nx4: bind it with --dim N=SIZE"),
        ("g (float[N,4] x) => (float[N,4] y) { [one] a = Relu (x) [two] y = Neg (a) }", ["one", "two"],
         "'x' would be handed over with the free shape Nx4: bind it with --dim N=SIZE"),
        ("g (float[4] x) => (int64[1,M] y) { [one] a = NonZero (x) [two] y = Abs (a) }", ["two"],
         "'a' would be handed over with the free shape 1x?: its size depends on the data, or on a free dimension"),
        ("""g (float[4] x) => (float[8] y) {
             [one] s = SequenceConstruct (x, x) [two] y = ConcatFromSequence <axis = 0> (s)
         }""", ["two"], "'s' would be handed over, and its type or shape is not known"),
        ("g (string[4] x) => (string[4] y) { [one] a = Identity (x) [two] y = Identity (a) }", ["two"],
         "'a' would be handed over, which holds strings"),
        ("g (seq(float[4]) x) => (int64 y) { [one] y = SequenceLength (x) }", ["one"],
         "'x' would be handed over, which is no tensor but a sequence or an optional value"),
        ("g (float[4] x) => (float[4] y) { [one] a = acme.Odd (x) [two] y = Neg (a) }", ["two"],
         "'a' would be handed over, and its type or shape is not known"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent(text: str, cloud: list[str], why: str) -> None:
    header = '<ir_version: 8, opset_import: ["" : 18, "acme" : 1]>'
    assert refusal(f"{header} {text}", cloud) == why


def test_free_sizes_may_pass_where_nothing_is_sent() -> None:
    source = parse_model("g (float[N,4] x) => (float[N,4] y) { [one] a = Relu (x) [two] y = Neg (a) }")
    halves = halves_of(source, ["two"], sized=False)
    assert halves.boundary == ("a",)
    for size in (1, 5):
        assert wrong(source, halves, {"x": np.ones((size, 4), np.float32)}) == ""


def test_names_that_only_a_number_tells_apart() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["a"], name="op"), helper.make_node("Neg", ["a"], ["y"], name="op")]
    ends = [[helper.make_tensor_value_info(n, TensorProto.FLOAT, [4])] for n in "xy"]
    source = helper.make_model(helper.make_graph(nodes, "g", *ends), opset_imports=[helper.make_opsetid("", 18)])
    halves = halves_of(source, ["op#2"])
    assert sides(halves) == (["Relu"], ["Neg"])


def test_ops_that_nothing_reads_go() -> None:
    source = parse_model("""g (float[4] x, float[4] z) => (float[4] y) {
        [one] a = Relu (x) [dead] d = Abs (z) [two] y = Neg (a)
    }""")
    assert sides(halves_of(source, ["dead", "two"])) == (["Relu"], ["Neg"])


def test_an_input_handed_through_stays_on_the_device() -> None:
    graph = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["y"], name="neg"), helper.make_node("Relu", ["x"], ["r"], name="relu")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4]) for n in ("r", "y")],
        [numpy_helper.from_array(np.float32([1]), "idle")],
    )
    source = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    halves = halves_of(source, ["neg"])
    assert (halves.boundary, halves.carried) == ((), ("x",))
    assert wrong(source, halves, {"x": np.float32([1, -2, 3, 4])}) == ""


@pytest.mark.parametrize("seed", range(24))
def test_random_graphs_are_the_same_in_two(seed: int) -> None:
    found, random = seeded(seed), Random(seed)
    if found is None or any(a.dtype == np.float16 for fed in found.feeds for a in fed.values()):
        return
    draft = Draft.open(found.model)
    for cloud in (prefix(draft.graph, random), closed(draft.graph, random)):
        halves = cut_in_two(draft, cloud, sized=False)
        assert isinstance(halves, Halves)
        assert not any(draft.graph.values[name].const for name in halves.boundary)
        assert wrong(found.model, halves, found.feeds[0]) == ""
