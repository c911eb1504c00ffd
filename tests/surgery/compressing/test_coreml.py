from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from importlib.util import find_spec
from math import inf
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.parser import parse_model

from edgeplan.frontends.errors import ModelError
from edgeplan.lower.scheme import parse_scheme
from edgeplan.surgery.compressing import tool
from edgeplan.surgery.compressing.coreml import compress_package, needed_release
from edgeplan.surgery.compressing.outcome import Compressed, CompressError
from edgeplan.verify.answer import Answer, Said, Status

NETWORK = """<ir_version: 8, opset_import: ["" : 17]>
g (float[1,16,16,16] x) => (float[1,40] z) {
    c = Conv <pads = [1,1,1,1]> (x, kernel, bias)
    r = Relu (c)
    d = Conv (r, pointwise)
    n = BatchNormalization (d, scale, shift, mean, spread)
    p = GlobalAveragePool (n)
    f = Flatten (p)
    z = Gemm <transB = 1> (f, matrix, offset)
}"""
WEIGHTS = {
    "kernel": (64, 16, 3, 3), "bias": (64,), "pointwise": (64, 64, 1, 1), "scale": (64,), "shift": (64,), "mean": (64,),
    "spread": (64,), "matrix": (40, 64), "offset": (40,),
}  # fmt: skip

Run = Callable[..., Compressed]


def compress(source: Path, scheme: str, **more: object) -> Compressed:
    """A compression that leaves the model as it is, and nothing else behind."""
    out = source.with_name("out.mlpackage")
    before, there = digest(source), set(source.parent.iterdir())
    try:
        return compress_package(source, parse_scheme(scheme), out, **more)  # type: ignore[arg-type]
    finally:
        assert digest(source) == before
        assert set(source.parent.iterdir()) - there <= {out}


def digest(place: Path) -> str:
    files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
    return hashlib.sha256(b"".join(p.name.encode() + p.read_bytes() for p in files)).hexdigest()


@pytest.fixture
def network(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    model = parse_model(NETWORK)
    for name, shape in WEIGHTS.items():
        value = rng.standard_normal(shape).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(abs(value) if name == "spread" else value, name))
    for number, node in enumerate(model.graph.node):
        node.name = f"/{number}/{node.op_type}"
    model.doc_string = "a toy"
    model.metadata_props.add(key="author", value="somebody")
    model.metadata_props.add(key="com.example.key", value="kept")
    onnx.save(model, tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What looks like a package from outside."""
    place = tmp_path / "m.mlpackage"
    (place / "Data" / "com.apple.CoreML").mkdir(parents=True)
    manifest(place, "com.apple.CoreML/model.mlmodel")
    return place


def manifest(place: Path, path: str) -> None:
    said = {"itemInfoEntries": {"1": {"path": path}}, "rootModelIdentifier": "1"}
    (place / "Manifest.json").write_text(json.dumps(said), "utf-8")


@pytest.mark.parametrize(
    ("scheme", "release"),
    [
        ("w8", "iOS 16"), ("w8-tensor", "iOS 16"), ("palette4", "iOS 16"), ("palette1", "iOS 16"),
        ("sparse70", "iOS 16"), ("w4", "iOS 18"), ("w4-block32", "iOS 18"), ("palette3", "iOS 18"),
        ("palette4-group16", "iOS 18"), ("sparse50-w8", "iOS 18"), ("sparse50-palette4", "iOS 18"),
    ],
)  # fmt: skip
def test_the_release_that_a_scheme_needs(scheme: str, release: str) -> None:
    assert needed_release(parse_scheme(scheme)) == release


@pytest.mark.parametrize(
    ("scheme", "release", "words"),
    [
        ("w8a8", "", "learns the range of activations by running the model"),
        ("bf16", "", "Core ML has no bfloat16"),
        ("fp16", "", "convert the model again"),
        ("w4", "iOS 17", "^w4 needs iOS 18, the target has iOS 17$"),
        ("palette4", "iOS 15", "^palette4 needs iOS 16, the target has iOS 15$"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, scheme: str, release: str, words: str) -> None:
    with pytest.raises(CompressError, match=words):
        compress(folder, scheme, release=release)


def test_places_that_would_destroy_something_are_refused(folder: Path) -> None:
    scheme = parse_scheme("w8")
    for place, words in (
        (folder, "is there already"),
        (folder / "in.mlpackage", "lies in the model itself"),
        (folder.with_name("none") / "out.mlpackage", "no such folder"),
        (folder.with_name("out.mlmodel"), "end in .mlpackage"),
    ):
        with pytest.raises(CompressError, match=words):
            compress_package(folder, scheme, place)
    folder.with_name("dangling.mlpackage").symlink_to("nowhere")
    with pytest.raises(CompressError, match="is there already"):
        compress_package(folder, scheme, folder.with_name("dangling.mlpackage"))


def test_files_outside_a_package_are_not_read(folder: Path) -> None:
    manifest(folder, "../../elsewhere/model.mlmodel")
    with pytest.raises(ModelError, match=r"outside its folder: 'model\.mlmodel'"):
        compress(folder, "w8")
    manifest(folder, "com.apple.CoreML/model.mlmodel")
    (folder / "Data" / "weights").symlink_to("/etc")
    with pytest.raises(ModelError, match="outside its folder: 'weights'"):
        compress(folder, "w8")


@pytest.mark.parametrize("said", ["{", "[]", '{"itemInfoEntries": {"1": 3}}'])
def test_a_folder_without_a_manifest_is_no_package(folder: Path, said: str) -> None:
    (folder / "Manifest.json").write_text(said, "utf-8")
    with pytest.raises(ModelError, match="its manifest cannot be read"):
        compress(folder, "w8")


def test_a_missing_tool_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "the Python package coremltools"
    answer = Answer("coremltools", "", Status.MISSING, Said(missing=words), words)
    monkeypatch.setattr(tool, "ask", lambda *_: answer)
    with pytest.raises(CompressError, match=r"is not installed: pip install 'edgeplan\[compress-coreml\]'$"):
        compress(folder, "w8")


def vendors(*names: str) -> None:
    for name in ("coremltools", *names):
        if find_spec(name) is None and not os.environ.get("EDGEPLAN_REFEREES"):
            pytest.skip(f"{name} is not installed")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Of iOS 15, with a table of integers, a long vector, words about itself, and an image for its input."""
    vendors()
    import coremltools as ct
    from coremltools.converters.mil import Builder as mb  # noqa: N813  # as coremltools writes it

    rng = np.random.default_rng(2)

    def drawn(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, 3, 16, 16))], opset_version=ct.target.iOS15)
    def program(x):  # type: ignore[no-untyped-def]
        x = mb.conv(x=x, weight=drawn(48, 3, 5, 5), bias=drawn(48), pad_type="same", name="first")
        x = mb.conv(x=x, weight=drawn(40, 48, 3, 3), pad_type="same", name="second")
        x = mb.reshape(x=x, shape=[1, 10240])
        x = mb.add(x=x, y=drawn(10240), name="third")
        at = mb.cast(x=mb.reduce_argmax(x=x, axis=1), dtype="int32")
        rows = mb.gather(x=rng.integers(0, 9, (64, 64)).astype(np.int32), indices=at, axis=0)
        return mb.cast(x=mb.reduce_sum(x=rows, axes=[1]), dtype="fp32", name="y"), mb.reduce_sum(
            x=x, axes=[1], name="z"
        )

    image = ct.ImageType(name="x", shape=(1, 3, 16, 16), scale=1 / 255)
    model = ct.convert(
        program, inputs=[image], convert_to="mlprogram", minimum_deployment_target=ct.target.iOS15, skip_model_load=True
    )
    model.author, model.license, model.short_description, model.version = "A. Uthor", "MIT", "a toy", "1.2"
    model.user_defined_metadata["com.example.key"] = "kept"
    model.input_description["x"], model.output_description["z"] = "an image", "a sum"
    model.save(str(tmp_path / "m.mlpackage"))
    return tmp_path / "m.mlpackage"


@pytest.mark.referee
def test_every_weight_is_stored_as_asked_and_the_rest_stays(package: Path) -> None:
    vendors("sklearn")
    import coremltools as ct

    found = compress(package, "palette4", exceptions={"second": parse_scheme("w8")}, release="iOS 16")
    assert {(a.op, a.label, a.form) for a in found.applied} == {
        ("first_cast_fp16", "conv", "palette4"), ("second_cast_fp16", "conv", "w8"),
    }  # fmt: skip
    snr = {a.shape: a.snr or 0 for a in found.applied}
    assert 18 < snr[48, 3, 5, 5] < 22  # Lloyd and Max: 20.2 dB for 16 levels of a normal distribution
    assert 40 < snr[40, 48, 3, 3] < 48
    assert [(u.shape, u.reason) for u in found.left] == [((10240,), "coremltools leaves vectors as they are")]
    assert (found.needs, found.runs, found.outputs) == ("iOS 16", 0, {})
    assert found.notes == ("its ops were raised from iOS 15 to iOS 16: earlier releases no longer load it",)
    assert found.after < found.before
    old, new = (ct.utils.load_spec(str(package.with_name(n))) for n in ("m.mlpackage", "out.mlpackage"))
    assert old.description == new.description
    assert new.description.metadata.userDefined["com.example.key"] == "kept"
    assert (old.specificationVersion, new.specificationVersion) == (6, 7)


@pytest.mark.referee
def test_what_a_joint_form_leaves_is_said_in_the_tools_words(package: Path) -> None:
    vendors("sklearn")
    found = compress(package, "sparse50-palette4-group16")
    assert {a.shape: a.form for a in found.applied} == {
        (48, 3, 5, 5): "sparse50-palette4-group16", (40, 48, 3, 3): "sparse50",
    }  # fmt: skip
    assert found.needs == "iOS 18"
    assert "(40) is not divisible by channel_group_size (16)" in found.notes[0]


@pytest.mark.referee
def test_where_nothing_can_be_done_nothing_is_written(package: Path) -> None:
    with pytest.raises(CompressError, match=r"stored as w4-block32: .*is not divisible by block size 32"):
        compress(package, "w4-block32")
    with pytest.raises(CompressError, match="no weight or op of the package is called nothing"):
        compress(package, "w4", keep=["nothing"])
    assert not package.with_name("out.mlpackage").exists()


@pytest.mark.referee
def test_a_model_is_converted_first(network: Path) -> None:
    vendors("onnx2coreml", "sklearn")
    import coremltools as ct

    more = {"exceptions": {"pointwise": parse_scheme("w8")}, "keep": ["/6/Gemm"]}
    found = compress(network, "palette6", **more)
    assert {(a.label, a.shape, a.form) for a in found.applied} == {
        ("conv", (64, 16, 3, 3), "palette6"), ("conv", (64, 64, 1, 1), "w8"),
    }  # fmt: skip
    assert [(u.label, u.reason) for u in found.left] == [("linear", "kept as it is, as asked")]
    assert found.needs == "iOS 16"
    assert found.after < found.before / 2
    said = ct.utils.load_spec(str(network.with_name("out.mlpackage"))).description.metadata
    assert (said.author, said.license, said.shortDescription) == ("somebody", "", "a toy")
    assert said.userDefined["com.example.key"] == "kept"


@pytest.mark.referee
def test_a_large_weight_in_float16_is_pruned(network: Path) -> None:
    """numpy before 2.4 has no percentile of more than 65,504 elements in float16."""
    vendors("onnx2coreml")
    model = onnx.load(network)
    large = np.random.default_rng(4).standard_normal((1100, 64)).astype(np.float32)
    for tensor in model.graph.initializer:
        if tensor.name in ("matrix", "offset"):
            value = large if tensor.name == "matrix" else large[:, 0]
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), tensor.name))
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 1100
    onnx.save(model, network)
    found = compress(network, "sparse70")
    assert {a.form for a in found.applied} == {"sparse70"}
    assert len(found.applied) == 3
    assert all(a.snr is not None and 5 < a.snr < inf for a in found.applied)


@pytest.mark.referee
def test_weights_still_to_come_are_random_and_said_to_be(network: Path) -> None:
    vendors("onnx2coreml")
    model = onnx.load(network)
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(np.ones(WEIGHTS[tensor.name], np.float32), tensor.name))
    onnx.save(model, network)
    found = compress(network, "w4")
    assert {(a.form, a.snr) for a in found.applied} == {("w4", None)}
    assert any(n.startswith("untrained: random numbers stand for") for n in found.notes)
