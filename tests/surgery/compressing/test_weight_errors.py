from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from edgeplan.lower.scheme import SCHEMES, parse_scheme
from edgeplan.surgery.compressing.errors import unmeasured, weight_errors
from edgeplan.surgery.draft import Draft
from tests.surgery.harness import model

NETWORK = """
<ir_version: 9, opset_import: ["" : 17]>
g (float[N,3,8,8] x, float[16,3,3,3] w, float[16] s, float[16] b, float[16] m, float[16] v,
   float[1024,10] fc, int64[2] to) => (float[N,10] y) {
   c = Conv <pads = [1, 1, 1, 1]> (x, w)
   n = BatchNormalization (c, s, b, m, v)
   r = Relu (n)
   f = Reshape (r, to)
   y = MatMul (f, fc)
}
"""
W8 = [parse_scheme("w8")]


def network() -> onnx.ModelProto:
    return model(NETWORK, weights=["w", "b", "m", "fc"], positive=["s", "v"], constants={"to": [-1, 1024]})


def test_layers_are_named_as_in_the_file() -> None:
    found = weight_errors(Draft.open(network()), SCHEMES)
    assert found.keys() == {s.name for s in SCHEMES}
    assert found["w8"].by_layer.keys() == {"w", "fc"}
    assert found["w4-block32"].by_layer.keys() == {"fc"}  # three input channels are no block
    assert found["w8"].worst == min(found["w8"].by_layer.values())
    assert found["w8"].by_layer[found["w8"].worst_layer] == found["w8"].worst
    assert 30 < found["w8"].median < 55


def test_what_is_behind_a_convolution_is_in_its_weights() -> None:
    plain, uneven = network(), network()
    scale = next(t for t in uneven.graph.initializer if t.name == "s")
    scale.CopyFrom(onnx.numpy_helper.from_array(np.logspace(-3, 0, 16).astype(np.float32), "s"))
    tensor = [parse_scheme("w8-tensor")]
    even = weight_errors(Draft.open(plain), tensor)["w8-tensor"].by_layer
    spread = weight_errors(Draft.open(uneven), tensor)["w8-tensor"].by_layer
    assert spread["w"] != even["w"]
    assert spread["fc"] == even["fc"]


def test_the_draft_stays_as_it_was() -> None:
    draft = Draft.open(network())
    before = [(n.op_type, n.name) for n in draft.model.graph]
    weight_errors(draft, W8)
    assert [(n.op_type, n.name) for n in draft.model.graph] == before


def test_weights_of_one_number_have_no_figure() -> None:
    made = network()
    for tensor in made.graph.initializer:
        if tensor.name in ("w", "fc"):
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.zeros(tuple(tensor.dims), np.float32), tensor.name))
    draft = Draft.open(made)
    assert weight_errors(draft, W8) == {}
    assert "before training" in unmeasured(draft)
    assert unmeasured(Draft.open(network())) == ""


def test_a_model_without_weights_says_so() -> None:
    draft = Draft.open(model("g (float[2,2] x) => (float[2,2] y) { y = Relu (x) }"))
    assert weight_errors(draft, W8) == {}
    assert "no float weights" in unmeasured(draft)


def test_weights_beside_the_file_and_tables_are_read(tmp_path: Path) -> None:
    text = "g (int64[4] i, float[100,32] t, float[32,8] w) => (float[4,8] y) { e = Gather (t, i) y = MatMul (e, w) }"
    onnx.save(model(text, weights=["t", "w"]), tmp_path / "m.onnx", save_as_external_data=True, size_threshold=0)
    found = weight_errors(Draft.open(tmp_path / "m.onnx"), W8)
    assert found["w8"].by_layer.keys() == {"t", "w"}


def test_old_files_whose_weights_are_inputs_are_read() -> None:
    made = model(NETWORK, weights=["w", "b", "m", "fc"], positive=["s", "v"], constants={"to": [-1, 1024]})
    made.ir_version = 3
    for tensor in made.graph.initializer:
        made.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    assert weight_errors(Draft.open(made), W8)["w8"].by_layer.keys() == {"w", "fc"}
