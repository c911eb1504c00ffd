"""What is refused, what is put in order and what is inlined before a graph is built."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper, parser

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.loaded import Loaded
from edgeplan.frontends.onnx import load_onnx, parse_text

HEADER = '<ir_version: 8, opset_import: ["" : 17, "local" : 1]>'


def ops(text: str) -> list[str]:
    return [op.type for op in parse_text(text).ops]


def weight(dims: list[int], **fields: object) -> TensorProto:
    return TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims, **fields)


def external(location: str, dims: tuple[int, ...] = (4,), **more: str) -> TensorProto:
    t = weight(list(dims), data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **more}.items():
        t.external_data.add(key=key, value=value)
    return t


def model(*nodes: NodeProto, weights: tuple[TensorProto, ...] = (), outputs: tuple[str, ...] = ("y",)) -> ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])
    y = [helper.make_tensor_value_info(o, TensorProto.FLOAT, [4]) for o in outputs]
    return helper.make_model(
        helper.make_graph(nodes, "g", [x], y, weights), opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )


def adding(weight: TensorProto) -> ModelProto:
    return model(helper.make_node("Add", ["x", "w"], ["y"]), weights=(weight,))


def in_file(tmp_path: Path, m: ModelProto) -> Loaded:
    file = tmp_path / "m.onnx"
    file.write_bytes(m.SerializeToString())
    return load_onnx(file)


# The order of the nodes


def test_nodes_in_order_keep_it() -> None:
    assert ops("g (float[4] x) => (float[4] y, float[4] z) { y = Relu(x) z = Neg(x) }") == ["Relu", "Neg"]


def test_nodes_out_of_order_are_sorted_and_otherwise_keep_theirs() -> None:
    text = "g (float[4] x) => (float[4] y) { y = Add(a, b) b = Neg(a) a = Relu(x) c = Abs(x) d = Exp(c) }"
    assert ops(text) == ["Relu", "Neg", "Add", "Abs", "Exp"]


def test_a_body_counts_for_what_it_captures() -> None:
    text = """g (bool c, float[4] x) => (float[4] y) {
        y = If(c) <then_branch = t () => (float[4] p) { p = Neg(a) }, else_branch = e () => (float[4] q) { q = Abs(x) }>
        a = Relu(x)
    }"""
    assert ops(text) == ["Relu", "If"]


def test_nodes_of_a_body_are_sorted_too() -> None:
    text = """g (bool c, float[4] x) => (float[4] y) { y = If(c) <
        then_branch = t () => (float[4] p) { p = Neg(a) a = Relu(x) },
        else_branch = e () => (float[4] q) { q = Abs(x) }>
    }"""
    (op,) = parse_text(text).ops
    assert [o.type for o in op.bodies[0].graph.ops] == ["Relu", "Neg"]


def test_a_cycle_names_its_ops() -> None:
    with pytest.raises(ModelError, match=r"cycle: 'first' -> 'second'$"):
        load_onnx(
            model(
                helper.make_node("Add", ["x", "b"], ["a"], name="first"),
                helper.make_node("Relu", ["a"], ["b"], name="second"),
                outputs=("b",),
            )
        )


def test_an_op_that_reads_itself_is_a_cycle() -> None:
    with pytest.raises(ModelError, match="cycle: 'Relu'"):
        parse_text("g (float[4] x) => (float[4] y) { y = Relu(y) }")


def test_a_cycle_through_a_body_is_found() -> None:
    with pytest.raises(ModelError, match="cycle"):
        parse_text("""g (bool c, float[4] x) => (float[4] y) { y = If(c) <
            then_branch = t () => (float[4] p) { p = Neg(a) }, else_branch = e () => (float[4] q) { q = Abs(x) }>
            a = Relu(y) }""")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("y = Add(x, nowhere)", "reads 'nowhere', which nothing produces"),
        ("z = Relu(x)", "output 'y' is produced by nothing"),
        ("y = Relu(x) y = Neg(x)", "'y' is produced twice"),
        ("x = Relu(x) y = Neg(x)", "'x' is produced twice"),
        ("y, y = Split <axis = 0, num_outputs = 2> (x)", "'y' is produced twice"),
    ],
)
def test_values_come_from_one_place(body: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        parse_text(f"g (float[4] x) => (float[4] y) {{ {body} }}")


def test_a_body_that_reads_nothing_known_is_refused() -> None:
    with pytest.raises(ModelError, match="reads 'nowhere'"):
        parse_text("""g (bool c, float[4] x) => (float[4] y) { y = If(c) <
            then_branch = t () => (float[4] p) { p = Neg(nowhere) },
            else_branch = e () => (float[4] q) { q = Abs(x) }> }""")


# Functions and bodies


def test_functions_are_inlined_functions_in_functions_too() -> None:
    text = f"""{HEADER} g (float[4] x) => (float[4] y) {{ y = local.outer (x) }}
        <domain: "local", opset_import: ["" : 17, "local" : 1]> outer (a) => (b) {{ c = local.inner (a) b = Neg (c) }}
        <domain: "local", opset_import: ["" : 17]> inner (a) => (b) {{ d = Relu (a) b = Exp (d) }}"""
    assert ops(text) == ["Relu", "Exp", "Neg"]


def test_a_function_that_calls_itself_is_refused() -> None:
    text = f"""{HEADER} g (float[4] x) => (float[4] y) {{ y = local.f (x) }}
        <domain: "local", opset_import: ["" : 17, "local" : 1]> f (a) => (b) {{ b = local.f (a) }}"""
    with pytest.raises(ModelError, match="in a circle: 'f' -> 'f'"):
        parse_text(text)


def functions(depth: int, calls: int) -> ModelProto:
    """A chain of functions, each calling the next one so many times."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    made = [helper.make_function("local", f"f{depth}", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], opsets)]
    for i in range(depth):
        names = ["a", *(f"v{k}" for k in range(calls - 1)), "b"]
        nodes = [helper.make_node(f"f{i + 1}", [names[k]], [names[k + 1]], domain="local") for k in range(calls)]
        made.append(helper.make_function("local", f"f{i}", ["a"], ["b"], nodes, opsets))
    m = model(helper.make_node("f0", ["x"], ["y"], domain="local"))
    m.opset_import.append(opsets[1])
    m.functions.extend(made)
    return m


def test_functions_may_call_each_other_often() -> None:
    assert len(load_onnx(functions(5, 3)).graph.ops) == 3**5


def test_functions_that_double_thirty_times_are_refused() -> None:
    with pytest.raises(ModelError, match="unfold to more than"):
        load_onnx(functions(40, 2))


def test_a_long_chain_of_functions_is_refused() -> None:
    with pytest.raises(ModelError, match="nests local functions deeper than 100"):
        load_onnx(functions(2000, 1))


def nested(depth: int) -> ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["o"])], "leaf", [], [helper.make_tensor_value_info("o", 1, [4])]
    )
    other = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["q"])], "else", [], [helper.make_tensor_value_info("q", 1, [4])]
    )
    for i in range(depth):
        node = helper.make_node("If", ["c"], [f"o{i}"], then_branch=graph, else_branch=other)
        graph = helper.make_graph([node], f"g{i}", [], [helper.make_tensor_value_info(f"o{i}", 1, [4])])
    graph.input.extend([helper.make_tensor_value_info("c", 9, []), helper.make_tensor_value_info("x", 1, [4])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_graphs_in_graphs_are_read_sixteen_deep() -> None:
    graph = load_onnx(nested(16)).graph
    assert sum(1 for _ in graph.walk()) == 2 * 16 + 1


@pytest.mark.parametrize("depth", [17, 24, 31])
def test_and_refused_below(depth: int) -> None:
    with pytest.raises(ModelError, match="deep"):
        load_onnx(nested(depth))


# The file


def test_a_model_in_memory_is_not_changed() -> None:
    m = parser.parse_model(f"{HEADER} g (float[N, 4] x) => (float[] y) {{ y = Neg(a) a = Relu(x) }}")
    m.graph.input[0].type.tensor_type.shape.dim[1].ClearField("dim_value")
    before = m.SerializeToString()
    load_onnx(m, {"N": 2})
    assert m.SerializeToString() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.ClearField("graph"), "no graph"),
        (lambda m: m.ClearField("opset_import"), "no opset"),
        (lambda m: setattr(m.opset_import[0], "version", 2**40), "an opset that cannot be"),
        (lambda m: setattr(m.opset_import[0], "version", -1), "an opset that cannot be"),
        (lambda m: setattr(m.opset_import[0], "version", 0), "no opset for the ops of the default domain"),
        (lambda m: setattr(m.opset_import[0], "domain", "elsewhere"), "no opset for the ops of the default domain"),
    ],
)
def test_a_model_without_its_parts_is_refused(change, message: str) -> None:
    m = model(helper.make_node("Relu", ["x"], ["y"]))
    change(m)
    with pytest.raises(ModelError, match=message):
        load_onnx(m)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not an ONNX model|truncated"),
        (b"hello, world\n", "not an ONNX model|truncated"),
        (b"\x08\x08", "no graph"),
        (b"\x00" * 50, "not an ONNX model"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "m.onnx"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=message):
        load_onnx(file)


def test_paths_that_are_no_file_are_refused_in_one_line(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, message in (
        (tmp_path, "is a directory"),
        (tmp_path / "absent.onnx", "No such file or directory"),
        (tmp_path / "m.onnx" / "m.onnx", "No such file or directory"),
        (tmp_path / ("long" * 200), "File name too long"),
        (tmp_path / "nu\0ll", "null character"),
        (pipe, "not a regular file"),
        (loop, "Too many levels"),
    ):
        with pytest.raises(ModelError, match=message) as caught:
            load_onnx(path)
        assert "\n" not in str(caught.value)


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "m.onnx"
    file.write_bytes(b"\x08\x08")

    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ModelError, match="Permission denied"):
        load_onnx(file)


# The tensors


@pytest.mark.parametrize(
    "location",
    [
        "../w.bin",
        "../../../../etc/passwd",
        "a/../../w.bin",
        "/etc/passwd",
        "\\\\host\\share",
        "..\\w.bin",
        "C:\\w.bin",
        "c:w.bin",
        "file://etc/passwd",
        "",
    ],
)
def test_external_data_stay_in_the_folder(tmp_path: Path, location: str) -> None:
    with pytest.raises(ModelError, match="outside the model's folder"):
        in_file(tmp_path, adding(external(location)))


def test_external_data_in_nodes_and_bodies_stay_there_too(tmp_path: Path) -> None:
    constant = helper.make_node("Constant", [], ["w"], value=external("../w.bin"))
    with pytest.raises(ModelError, match="outside"):
        in_file(tmp_path, model(constant, helper.make_node("Add", ["x", "w"], ["y"])))


@pytest.mark.parametrize("location", ["w.bin", "data/w.bin", "long" * 100, "nu\0ll"])
def test_a_missing_file_is_named(tmp_path: Path, location: str) -> None:
    assert in_file(tmp_path, adding(external(location))).missing == (location,)


def test_a_file_that_several_weights_share_is_named_once(tmp_path: Path) -> None:
    other = external("w.bin")
    other.name = "v"
    m = model(helper.make_node("Sum", ["x", "w", "v"], ["y"]), weights=(external("w.bin"), other))
    assert in_file(tmp_path, m).missing == ("w.bin",)


def test_external_data_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"sixteen bytes !!")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "w.bin").symlink_to(secret)
    opened: list[str] = []
    original = Path.open

    def record(self: Path, *args: object, **kwargs: object) -> object:
        opened.append(self.name)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", record)
    read = in_file(folder, adding(external("w.bin", length="16")))
    assert read.missing == ()
    assert read.graph.values["w"].data is None
    assert opened == ["m.onnx", "m.onnx"][-len(opened) :]


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (weight([4], raw_data=bytes(15)), "declares 4 float32, but it holds 15 bytes"),
        (weight([4], raw_data=bytes(20)), "it holds 20 bytes"),
        (weight([4], float_data=[1.0, 2.0]), "it holds 2 elements"),
        (weight([4]), "it holds 0 elements"),
        (weight([2, -2], raw_data=bytes(16)), "negative size"),
        (weight([2**40, 2**40], raw_data=bytes(16)), "1099511627776x1099511627776 float32, but it holds 16 bytes"),
        (external("w.bin", length="15"), "external data have 15 bytes"),
        (external("w.bin", (2**40, 2**40), length="16"), "external data have 16 bytes"),
        (weight([4], raw_data=bytes(16), segment=TensorProto.Segment(begin=0, end=1)), "cannot be read"),
        (numpy_helper.from_array(np.zeros(9000, np.float32), "w"), None),
    ],
)
def test_a_declared_size_is_the_stored_one(tensor: TensorProto, message: str | None) -> None:
    if message is None:
        tensor.dims[0] -= 1
        message = "declares 8999 float32, but it holds 36000 bytes"
    with pytest.raises(ModelError, match=message):
        load_onnx(adding(tensor))


@pytest.mark.parametrize("length", ["²", "9" * 5000, "-1", "many"])
def test_a_length_that_is_no_number_says_nothing(length: str) -> None:
    assert load_onnx(adding(external("w.bin", length=length))).graph.values["w"].shape == (4,)


@pytest.mark.parametrize(
    "name", ["INT4", "UINT4", "INT2", "FLOAT4E2M1", "FLOAT8E4M3FN", "BFLOAT16", "BOOL", "COMPLEX64"]
)
@pytest.mark.parametrize("count", [5, 30001])
def test_narrow_and_odd_types_are_held_against_their_packing(name: str, count: int) -> None:
    kind = TensorProto.DataType.Value(name)
    tensor = helper.make_tensor("w", kind, [count], np.ones(count))
    load_onnx(model(helper.make_node("Shape", ["w"], ["y"]), weights=(tensor,)))
    tensor.dims[0] = count + 9
    with pytest.raises(ModelError, match="holds"):
        load_onnx(model(helper.make_node("Shape", ["w"], ["y"]), weights=(tensor,)))
