from __future__ import annotations

import pytest

from edgeplan.capability.lint import tflite_names
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Op
from edgeplan.lower.builder import Builder
from edgeplan.lower.tflite.native import keep_tflite
from edgeplan.tflite_ops import operands, tflite_schema

HEADER = '<ir_version: 8, opset_import: ["" : 18, "tflite" : 3]>'


def kept(text: str) -> Op | None:
    """The op that a text's only op becomes."""
    source = parse_text(f"{HEADER} {text}")
    b = Builder(source, lambda dtype: dtype)
    return b.ops[0] if keep_tflite(source.ops[0], b) else None


def test_operands_are_named_in_the_order_of_the_file() -> None:
    assert operands("CONV_2D") == ("input", "filter", "bias")
    assert operands("SPLIT") == ("split_dim", "value")
    assert operands("CONCATENATION") == ("values",)
    assert tflite_schema().ops["CONV_2D"].optional == {"bias"}
    assert tflite_schema().ops["RESHAPE"].optional == {"shape"}
    assert tflite_schema().by_code[3] == "CONV_2D"


@pytest.mark.parametrize(
    ("op", "count", "attrs", "ports"),
    [
        ("CONV_2D", 2, {}, ("input", "filter")),
        ("CONV_2D", 4, {}, None),
        ("PACK", 3, {}, ("values",) * 3),
        ("IF", 3, {}, ("cond", "inputs", "inputs")),
        ("IF", 1, {}, ("cond",)),
        ("STABLEHLO_DYNAMIC_UPDATE_SLICE", 4, {}, ("operand", "update", "start_indices", "start_indices")),
        ("LSTM", 2, {"kernel_type": "BASIC"}, ("data_input", "prev_activ_input")),
        ("LSTM", 2, {"kernel_type": "FULL"}, ("input", "input_to_input_weights")),
    ],
)
def test_ports(op: str, count: int, attrs: dict[str, str], ports: tuple[str, ...] | None) -> None:
    assert tflite_schema().ops[op].ports(count, attrs) == ports


def test_options_have_types_and_defaults() -> None:
    options = tflite_schema().options("DEPTHWISE_CONV_2D")
    assert {name: o.default for name, o in options.items()} == {
        "padding": "SAME", "stride_w": 0, "stride_h": 0, "depth_multiplier": 0, "fused_activation_function": "NONE",
        "dilation_w_factor": 1, "dilation_h_factor": 1,
    }  # fmt: skip
    assert tflite_schema().options("UNIDIRECTIONAL_SEQUENCE_LSTM")["time_major"].default is False
    assert tflite_schema().options("BIDIRECTIONAL_SEQUENCE_LSTM")["time_major"].default is True
    assert tflite_schema().options("SQUEEZE")["squeeze_dims"].default == ()
    assert "new_height" not in tflite_schema().options("RESIZE_BILINEAR")


def test_every_op_has_the_options_table_of_its_union() -> None:
    schema = tflite_schema()
    tables = {*schema.unions["BuiltinOptions"], *schema.unions["BuiltinOptions2"]}
    assert all(op.table in tables for op in schema.ops.values() if op.table)
    empty = {t for t in tables if not schema.tables[t]}
    assert tables - {op.table for op in schema.ops.values()} - empty == set()


def test_native_text_becomes_the_op_with_its_defaults() -> None:
    op = kept(
        "g (float[1,8,8,4] x, float[2,1,1,4] w) => (float[1,8,8,2] y) { y = tflite.CONV_2D <stride_w = 1> (x, w) }"
    )
    assert op is not None
    assert (op.label, op.version, op.ports) == ("CONV_2D", 3, ("input", "filter"))
    assert (op.attrs["stride_w"], op.attrs["padding"], op.attrs["dilation_h_factor"]) == (1, "SAME", 1)


def test_truth_values_are_written_as_numbers() -> None:
    op = kept("g (float[1,4] x, float[4] w) => (float[1,4] y) { y = tflite.BATCH_MATMUL <adj_y = 1> (x, w) }")
    assert op is not None
    assert (op.attrs["adj_x"], op.attrs["adj_y"]) == (False, True)


def test_an_input_left_out_keeps_the_others_in_place() -> None:
    op = kept("g (float[1,4] x, float[1,4] s) => (float[1,4] y) { y = tflite.SVDF (x, x, x, , s) }")
    assert op is not None
    assert op.ports == ("input", "feature_weights", "time_weights", "activation_state")


def test_what_the_schema_does_not_list_is_not_taken() -> None:
    assert kept("g (float[4] x) => (float[4] y) { y = tflite.NOTHING (x) }") is None
    assert kept("g (float[4] x) => (float[4] y) { y = tflite.ABS (x, x) }") is None


def test_rows_are_held_against_the_schema() -> None:
    names = tflite_names()
    conv = names("CONV_2D")
    assert conv is not None
    assert (conv.ports, "stride_w" in conv.attrs) == ({"input", "filter", "bias"}, True)
    assert names("Conv") is None
