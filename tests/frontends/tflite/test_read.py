from __future__ import annotations

import struct
from pathlib import Path

import pytest

from edgeplan.cost.work import work_of
from edgeplan.frontends.errors import BindingError, ModelError
from edgeplan.frontends.tflite import load_tflite
from edgeplan.graph import DType, Graph

from .writer import model, tensor

FLOATS = struct.pack("<8f", *range(8))
CONV = {"padding": "VALID", "stride_w": 2, "stride_h": 1, "fused_activation_function": "RELU6"}


def conv(**more: object) -> bytes:
    tensors = [
        tensor((1, 8, 8, 2), name="x", **more),
        tensor((1, 2, 2, 2), name="w", buffer=1),
        tensor((1, 7, 4, 1), name="y"),
    ]
    return model(tensors, [("CONV_2D", (0, 1), (2,), CONV)], buffers=[FLOATS])


def graph(data: bytes, **bindings: object) -> Graph:
    return load_tflite(data, **bindings).graph  # type: ignore[arg-type]


def test_an_op_has_its_ports_options_and_version() -> None:
    read = graph(conv())
    (op,) = read.ops
    assert (read.dialect, read.inputs, read.outputs) == ("tflite", ("x",), ("y",))
    assert (op.name, op.label, op.version) == ("y", "CONV_2D", 2)
    assert (op.ports, op.inputs) == (("input", "filter"), ("x", "w"))
    assert op.attrs == {
        "padding": "VALID", "stride_w": 2, "stride_h": 1, "fused_activation_function": "RELU6",
        "dilation_w_factor": 1, "dilation_h_factor": 1, "quantized_bias_type": "FLOAT32",
    }  # fmt: skip


def test_constants_are_those_with_a_buffer_and_small_ones_are_read() -> None:
    values = graph(conv()).values
    assert (values["w"].const, values["w"].data) == (True, tuple(map(float, range(8))))
    assert (values["x"].const, values["x"].data) == (False, None)


def test_an_absent_input_leaves_no_port() -> None:
    tensors = [tensor((1, 4), name="x"), tensor((2, 4), name="w", buffer=1), tensor((1, 2), name="y")]
    (op,) = graph(model(tensors, [("FULLY_CONNECTED", (0, 1, -1), (2,), {})], buffers=[FLOATS])).ops
    assert op.ports == ("input", "filter")


def test_a_custom_op_is_named_by_its_code_without_tricks() -> None:
    (op,) = graph(model([tensor((1,)), tensor((1,))], [("My/Op\n\x1b[31m", (0,), (1,))])).ops
    assert op.label == "custom.My_Op___31m"
    assert op.ports == ("input0",)


def test_options_of_the_second_union_are_read() -> None:
    tensors = [tensor((4,), name="x"), tensor((8,), name="y")]
    op = ("STABLEHLO_CONCATENATE", (0, 0), (1,), {"dimension": 3})
    (read,) = graph(model(tensors, [op])).ops
    assert read.attrs == {"dimension": 3}
    assert read.ports == ("inputs", "inputs")


def test_bodies_are_ops_of_their_own_with_names_of_their_own() -> None:
    step = {
        "tensors": [tensor((1, 4), name="x"), tensor((1, 4), name="y")],
        "ops": [("RELU", (0,), (1,))],
        "inputs": (0,),
        "outputs": (1,),
        "name": "step",
    }
    ask = {
        "tensors": [tensor((1, 4), name="x"), tensor((), "BOOL", "go", has_rank=True)],
        "ops": [("REDUCE_ANY", (0, 0), (1,), {})],
        "inputs": (0,),
        "outputs": (1,),
        "name": "ask",
    }
    options = {"cond_subgraph_index": 1, "body_subgraph_index": 2}
    tensors = [tensor((1, 4), name="x"), tensor((1, 4), name="y")]
    (op,) = graph(model(tensors, [("WHILE", (0,), (1,), options)], others=[ask, step])).ops
    assert [(b.name, b.trips) for b in op.bodies] == [("cond", None), ("body", None)]
    assert [o.name for b in op.bodies for o in b.graph.ops] == ["ask.1/go", "step.2/y"]
    assert op.bodies[0].graph.captured == ()


def test_a_composite_does_the_work_of_its_decomposition() -> None:
    inner = {
        "tensors": [tensor((3, 4), name="x"), tensor((2, 4), name="w"), tensor((3, 2), name="y")],
        "ops": [("FULLY_CONNECTED", (0, 1), (2,), {})],
        "inputs": (0, 1),
        "outputs": (2,),
    }
    tensors = [tensor((3, 4), name="x"), tensor((2, 4), name="w", buffer=1), tensor((3, 2), name="y")]
    options = {"name": "odml.linear", "decomposition_subgraph_index": 1}
    read = graph(model(tensors, [("STABLEHLO_COMPOSITE", (0, 1), (2,), options)], others=[inner], buffers=[FLOATS]))
    assert read.ops[0].attrs["name"] == "odml.linear"
    assert work_of(read, read.ops[0]).macs == 3 * 2 * 4


def test_constants_stored_once_are_one_value() -> None:
    tensors = [
        tensor((8,), name="x"),
        tensor((8,), name="a", buffer=1),
        tensor((8,), name="b", buffer=1),
        tensor((8,), name="s"),
        tensor((8,), name="y"),
    ]
    read = graph(model(tensors, [("ADD", (0, 1), (3,), {}), ("MUL", (3, 2), (4,), {})], buffers=[FLOATS]))
    assert [op.inputs[1] for op in read.ops] == ["a", "a"]


@pytest.mark.parametrize(
    ("quantization", "said"),
    [
        ({"scale": [0.5], "zero_point": [0]}, "per-tensor"),
        ({"scale": [0.5] * 4, "zero_point": [0] * 4}, "per-channel"),
        ({"details": ("BlockwiseQuantization", {"scales": 0, "block_size": 32})}, "per-block"),
        ({}, ""),
    ],
)
def test_how_a_tensor_is_quantised_is_kept(quantization: dict[str, object], said: str) -> None:
    tensors = [tensor((4,), "INT8", "x", quantization=quantization), tensor((4,), "INT8", "y")]
    assert graph(model(tensors, [("RELU", (0,), (1,))])).values["x"].quantization == said


def test_data_behind_the_flatbuffer_are_found() -> None:
    tensors = [tensor((8,), name="x"), tensor((8,), name="w", buffer=1), tensor((8,), name="y")]
    ops = [("ADD", (0, 1), (2,), {})]
    found = model(tensors, ops, buffers=[{"offset": 4096, "size": 32}]).ljust(4096, b"\0") + FLOATS
    assert graph(found).values["w"].data == tuple(map(float, range(8)))
    with pytest.raises(ModelError, match="cut short"):
        load_tflite(found[:-1])


def test_a_weight_file_that_is_missing_is_named(tmp_path: Path) -> None:
    tensors = [tensor((8,), name="x"), tensor((8,), name="w", external_buffer=7), tensor((8,), name="y")]
    files = {
        "external_buffer_groups": [{"name": "weights.bin"}],
        "external_buffers": [{"id": 7, "group": 0, "offset": 0, "length": 32}],
    }
    path = tmp_path / "m.tflite"
    path.write_bytes(model(tensors, [("ADD", (0, 1), (2,), {})], **files))
    read = load_tflite(path)
    assert (read.missing, read.graph.values["w"].const) == (("weights.bin",), True)
    files["external_buffer_groups"] = [{"name": "../../etc/passwd"}]
    with pytest.raises(ModelError, match="outside the model's folder"):
        load_tflite(model(tensors, [("ADD", (0, 1), (2,), {})], **files))


def test_state_is_neither_constant_nor_produced() -> None:
    tensors = [
        tensor((1, 2), name="x"),
        tensor((1, 2), name="w", buffer=1),
        tensor((1, 2), name="t", buffer=1),
        tensor((1, 2), name="state", is_variable=True),
        tensor((1, 1), name="y"),
    ]
    read = graph(model(tensors, [("SVDF", (0, 1, 2, -1, 3), (4,), {"rank": 1})], buffers=[FLOATS[:8]]))
    assert read.ops[0].ports[-1] == "activation_state"
    assert not read.values["state"].const


def test_what_is_computed_from_weights_is_constant() -> None:
    tensors = [
        tensor((8,), name="x"),
        tensor((8,), "FLOAT16", "half", buffer=1),
        tensor((8,), name="w"),
        tensor((8,), name="y"),
    ]
    read = graph(model(tensors, [("DEQUANTIZE", (1,), (2,)), ("ADD", (0, 2), (3,), {})], buffers=[FLOATS[:16]]))
    assert (read.values["w"].const, read.values["w"].dtype) == (True, DType.FLOAT32)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"", "not a TFLite model", id="empty"),
        pytest.param(b"\x08\0\0\0TFL3", "broken or cut short", id="no-root"),
        pytest.param(b"\x10\0\0\0TFL2" + bytes(64), "not marked 'TFL3'", id="other-mark"),
        pytest.param(model([tensor((4,))], [], version=2), "version 2", id="version"),
        pytest.param(model([tensor((4,)), tensor((4,))], [("RELU", (9,), (1,))]), "does not have", id="tensor"),
        pytest.param(model([tensor((4,)), tensor((4,))], [("RELU", (), (1,))]), "lacks an input", id="no-input"),
        pytest.param(model([tensor((4,)), tensor((4,))], [("RELU", (0,), ())]), "no output", id="no-output"),
        pytest.param(model([tensor((4,), buffer=3)], []), "does not have", id="buffer"),
        pytest.param(
            model([tensor((4,)), tensor((4,), buffer=1)], [], buffers=[b"\0" * 15]), "holds 15 bytes", id="size"
        ),
        pytest.param(
            model([tensor((4,)), tensor((4,))], [("RELU", (1,), (1,))]), "before anything has made it", id="order"
        ),
        pytest.param(
            model([tensor((4,)), tensor((4,))], [("RELU", (0,), (1,)), ("ABS", (0,), (1,))]), "twice", id="twice"
        ),
        pytest.param(
            model([tensor((4,)), tensor((4,))], [("CALL", (0,), (1,), {"subgraph": 0})]), "calls itself", id="cycle"
        ),
        pytest.param(
            model([tensor((4,)), tensor((4,))], [("CALL", (0,), (1,), {"subgraph": 5})]), "subgraph 5", id="subgraph"
        ),
        pytest.param(
            model([tensor((1,) * 2000, name="x"), tensor((4,))], [("RELU", (0,), (1,))]), "1024 axes", id="axes"
        ),
    ],
)
def test_what_is_no_model_is_said_in_one_line(data: bytes, why: str) -> None:
    with pytest.raises(ModelError, match=why) as e:
        load_tflite(data)
    assert "\n" not in str(e.value)


def test_calls_that_unfold_without_end_are_refused() -> None:
    def caller(i: int) -> dict[str, object]:
        call = ("CALL", (0,), (1,), {"subgraph": i + 1})
        two = [tensor((4,), name="x"), tensor((4,), name="y"), tensor((4,), name="z")]
        return {"tensors": two, "ops": [call, ("CALL", (1,), (2,), call[3])], "inputs": (0,), "outputs": (2,)}

    others = [caller(i) for i in range(1, 40)]
    end = {"tensors": [tensor((4,)), tensor((4,))], "ops": [("RELU", (0,), (1,))], "inputs": (0,), "outputs": (1,)}
    data = model([tensor((4,)), tensor((4,))], [("CALL", (0,), (1,), {"subgraph": 1})], others=[*others, end])
    with pytest.raises(ModelError, match="nested"):
        load_tflite(data)


def test_bindings_that_do_not_fit_are_refused() -> None:
    data = conv(shape_signature=[-1, 8, 8, 2])
    assert load_tflite(data).free == ("batch",)
    for given in (
        {"dims": {"n": 1}},
        {"shapes": {"z": (1,)}},
        {"shapes": {"x": (1, 2)}},
        {"dims": {"batch": -1}},
        {"values": {"x": 1.0}},
    ):
        with pytest.raises(BindingError):
            load_tflite(data, **given)  # type: ignore[arg-type]


def test_an_input_goes_by_its_name_in_a_signature() -> None:
    tensors = [tensor((1, 4), name="serving_default_x:0", shape_signature=[-1, 4]), tensor((1, 4), name="y")]
    signature = {"signature_key": "s", "inputs": [{"name": "x", "tensor_index": 0}], "outputs": []}
    data = model(tensors, [("RELU", (0,), (1,))], signature_defs=[signature])
    read = load_tflite(data, shapes={"x": (3, 4)})
    assert (read.free, read.graph.values["y"].shape) == ((), (3, 4))


def test_a_constant_that_an_op_writes_to_stays_what_the_file_says() -> None:
    tensors = [
        tensor((4,), name="x"),
        tensor((2,), "INT32", name="shape", buffer=1),
        tensor((2,), "INT32", name="made"),
        tensor((2, 2), name="y"),
    ]
    ops = [("NEG", (2,), (1,), {}), ("RESHAPE", (0, 1), (3,), {})]
    read = graph(model(tensors, [("ABS", (1,), (2,), {}), *ops], buffers=[struct.pack("<2i", 2, 2)], inputs=(0,)))
    assert [op.outputs for op in read.ops] == [("made",), ("shape/computed",), ("y",)]
    assert read.ops[2].inputs == ("x", "shape")
    assert read.values["shape"].data == (2, 2)
