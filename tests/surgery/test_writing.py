from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.writing import WriteError, files_of, host_place, refuse_place, refuse_weights, write_model
from tests.surgery.harness import model, same

LINEAR = "g (float[N,32] x, float[32,32] w, float[32] b) => (float[N,32] y) { a = MatMul (x, w) y = Add (a, b) }"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = model(LINEAR, weights=["w", "b"])
    onnx.save(made, tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


@pytest.fixture
def apart(source: Path) -> Path:
    """The same model, its weights in a folder beside it."""
    place = source.with_name("apart.onnx")
    (source.parent / "data").mkdir()
    made = onnx.load(source)
    onnx.save(made, place, save_as_external_data=True, location="data/w.bin", size_threshold=0)
    return place


def test_a_model_in_one_file_stays_in_one(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    assert write_model(Draft.open(source), out, source) == [out]
    assert {p.name for p in tmp_path.iterdir()} == {"m.onnx", "out.onnx"}
    same(onnx.load(source), onnx.load(out), 0)


def test_weights_that_lay_apart_lie_beside_it(apart: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    made = write_model(Draft.open(apart), out, apart)
    assert sorted(made) == [out, tmp_path / "out.onnx.data"]
    assert (tmp_path / "out.onnx.data").stat().st_size >= 32 * 32 * 4
    kept = {t.name: t.data_location for t in onnx.load(out, load_external_data=False).graph.initializer}
    assert kept == {"w": onnx.TensorProto.EXTERNAL, "b": onnx.TensorProto.DEFAULT}  # the small one is not worth a file
    same(onnx.load(apart), onnx.load(out), 0)


def test_all_that_a_model_says_of_itself_survives(source: Path, tmp_path: Path) -> None:
    made = onnx.load(source)
    made.producer_name, made.producer_version, made.domain, made.model_version = "maker", "1.2", "org", 77
    made.doc_string, made.graph.doc_string, made.graph.name = "the model", "the graph", "its name"
    made.metadata_props.add(key="author", value="me")
    made.opset_import.append(onnx.helper.make_opsetid("com.acme", 3))
    made.graph.input[0].doc_string, made.graph.output[0].doc_string = "what goes in", "what comes out"
    made.graph.input[0].type.denotation = "IMAGE"
    made.graph.input[0].type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    made.graph.node[0].doc_string = "a node"
    made.graph.node[0].metadata_props.add(key="k", value="v")
    made.graph.value_info.append(onnx.helper.make_tensor_value_info("a", onnx.TensorProto.FLOAT, ["N", 32]))
    made.graph.quantization_annotation.add(tensor_name="x").quant_parameter_tensor_names.add(
        key="SCALE_TENSOR", value="b"
    )
    onnx.save(made, source)
    out = tmp_path / "out.onnx"
    write_model(Draft.open(source), out, source)
    now = onnx.load(out)
    for field in ("producer_name", "producer_version", "domain", "model_version", "doc_string", "ir_version"):
        assert getattr(now, field) == getattr(made, field)
    assert now.metadata_props == made.metadata_props
    assert now.opset_import == made.opset_import
    for field in ("name", "doc_string", "input", "output", "quantization_annotation"):
        assert getattr(now.graph, field) == getattr(made.graph, field)
    assert now.graph.node[0].doc_string == "a node"
    assert now.graph.node[0].metadata_props == made.graph.node[0].metadata_props
    assert "a" in {i.name for i in now.graph.value_info}


def test_shapes_at_the_ends_are_as_they_were_declared(tmp_path: Path, source: Path) -> None:
    made = onnx.load(source)
    made.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "features"
    onnx.save(made, source)
    draft = Draft.open(source)
    inferred = list(draft.model.graph.outputs[0].shape)
    write_model(draft, tmp_path / "out.onnx", source)
    assert onnx.load(tmp_path / "out.onnx").graph.output == made.graph.output
    assert list(draft.model.graph.outputs[0].shape) == inferred  # the draft still knows better


def test_a_weight_that_was_put_off_is_computed(source: Path, tmp_path: Path) -> None:
    draft = Draft.open(source)
    value = draft.model.graph.initializers["b"]
    shape = ir.Shape([32])
    value.const_value = ir.LazyTensor(
        lambda: ir.Tensor(np.full(32, 2, np.float32)), dtype=ir.DataType.FLOAT, shape=shape, name="b"
    )
    write_model(draft, tmp_path / "out.onnx", source)
    made = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(tmp_path / "out.onnx").graph.initializer}
    assert made["b"].tolist() == [2.0] * 32


def test_a_failure_leaves_nothing_behind(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ir, "save", full)
    with pytest.raises(WriteError, match=r"cannot write .*out.onnx: No space left on device"):
        write_model(Draft.open(source), tmp_path / "out.onnx", source)
    assert {p.name for p in tmp_path.iterdir()} == {"m.onnx"}


@pytest.mark.parametrize(
    ("place", "words"), [("m.onnx", "the model itself"), (".", "a folder"), ("none/out.onnx", "no such folder")]
)
def test_places_that_cannot_be_are_refused(source: Path, tmp_path: Path, place: str, words: str) -> None:
    with pytest.raises(WriteError, match=words):
        refuse_place(tmp_path / place, source)


def test_the_weights_a_model_reads_are_not_written_over(apart: Path, tmp_path: Path) -> None:
    draft = Draft.open(apart)
    with pytest.raises(WriteError, match="holds the model's weights"):
        refuse_weights([tmp_path / "fine", tmp_path / "data" / ".." / "data" / "w.bin"], draft)
    refuse_weights([tmp_path / "fine"], draft)
    refuse_weights([tmp_path / "data" / "w.bin"], Draft.open(tmp_path / "m.onnx"))


def test_a_place_has_a_second_file_and_a_host() -> None:
    assert files_of(Path("a/b.onnx")) == (Path("a/b.onnx"), Path("a/b.onnx.data"))
    assert host_place(Path("a/b.onnx")) == Path("a/b.host.onnx")
