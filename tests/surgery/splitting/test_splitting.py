from __future__ import annotations

import os
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from edgeplan.frontends import load_model
from edgeplan.frontends.onnx import parse_model
from edgeplan.splitting.question import SplitError
from edgeplan.surgery.runs import run_float
from edgeplan.surgery.splitting import check
from edgeplan.surgery.splitting.check import run_halves
from edgeplan.surgery.splitting.describe import Sending
from edgeplan.surgery.splitting.manifest import read_manifest
from edgeplan.surgery.splitting.splitting import split_at
from edgeplan.surgery.writing import WriteError
from tests.surgery.harness import model

Array = NDArray[Any]
DEVICE = ("conv", "relu")


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_split_is_two_models_and_a_manifest(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = split_at(source, DEVICE, out, sending=Sending(back=None, plan={"target": "t"}))
    assert names(out) == ["manifest.json", "net.cloud.onnx", "net.device.onnx"]
    assert names(tmp_path) == ["net.onnx", "out"]
    assert found.written == tuple(map(str, (out / "net.device.onnx", out / "net.cloud.onnx", out / "manifest.json")))
    assert found.manifest == read_manifest(out)
    found.manifest.verify_files(out)
    for name in names(out)[1:]:
        onnx.checker.check_model(out / name, full_check=True)
    feeds = {"x": np.random.default_rng(0).standard_normal((1, 3, 8, 8)).astype(np.float32)}
    (values,) = run_halves([out / "net.device.onnx", out / "net.cloud.onnx"], [feeds])
    for name, array in zip(("b", "y"), run_float(str(source), feeds, ["b", "y"]), strict=True):
        assert np.array_equal(values[name], array)


def test_the_halves_are_held_against_the_whole(source: Path) -> None:
    found = split_at(source, DEVICE)
    assert found.check is not None
    assert found.check.plain.bit_equal
    assert found.check.optimised.bit_equal
    assert (found.check.samples, found.check.broken, found.why, found.written) == ("4 random inputs", "", "", ())


def test_each_encoding_is_measured(source: Path) -> None:
    found = {e.encoding: e for e in split_at(source, DEVICE).encodings}
    assert {name: e.bytes for name, e in found.items() if name != "uint8+zlib"} == {
        "raw": 576, "fp16": 288, "int8": 4 + 144, "uint8": 8 + 144,
    }  # fmt: skip
    assert found["uint8+zlib"].bytes <= found["uint8"].bytes
    assert (found["raw"].snr, found["raw"].worst) == (inf, 0)
    assert found["fp16"].snr > found["uint8"].snr > found["int8"].snr > 25
    assert 0 < found["fp16"].worst < found["int8"].worst < 0.05
    assert found["uint8"].snr == found["uint8+zlib"].snr


def test_outputs_of_the_device_are_not_moved_by_encodings(tmp_path: Path) -> None:
    text = """g (float[1,4] x) => (float[1,4] own, float[1,4] y) {
        [one] a = Relu (x) [aside] own = Neg (x) [two] y = Exp (a)
    }"""
    onnx.save(parse_model(text), tmp_path / "two.onnx")
    found = split_at(tmp_path / "two.onnx", ["one", "aside"])
    assert [o.side for o in found.manifest.outputs] == ["device", "cloud"]
    assert [e.snr == inf for e in found.encodings] == [True, False, False, False, False]


def test_what_is_sent_is_stated(source: Path, tmp_path: Path) -> None:
    found = split_at(source, DEVICE, tmp_path / "out", sending=Sending("uint8+zlib", {"y": "fp16"}, ["y"]))
    measured = next(e for e in found.encodings if e.encoding == "uint8+zlib")
    (up,), (down,) = found.manifest.boundary, found.manifest.back
    assert (up.name, up.shape, up.bytes, up.encoding, up.sent_bytes) == (
        "b", (1, 4, 6, 6), 576, "uint8+zlib", measured.bytes
    )  # fmt: skip
    assert (down.name, down.bytes, down.encoding, down.sent_bytes) == ("y", 576, "fp16", 288)
    assert [(o.name, o.side) for o in found.manifest.outputs] == [("b", "device"), ("y", "cloud")]


def test_unmeasured_sizes_are_bounds(source: Path) -> None:
    found = split_at(source, DEVICE, sending=Sending("uint8+zlib"), verify=False)
    assert found.manifest.boundary[0].sent_bytes == 8 + 144
    assert (found.check, found.encodings, found.unmeasured) == (None, (), "the halves were not run, as asked for")


def test_all_on_one_side(source: Path, tmp_path: Path) -> None:
    here = split_at(source, None, tmp_path / "here").manifest
    there = split_at(source, (), tmp_path / "there", sending=Sending(back=None)).manifest
    assert names(tmp_path / "here") == ["manifest.json", "net.device.onnx"]
    assert names(tmp_path / "there") == ["manifest.json", "net.cloud.onnx"]
    assert (here.cloud, here.boundary, here.back) == (None, (), ())
    assert there.device is None
    assert [s.name for s in there.boundary] == ["x"]
    assert [s.name for s in there.back] == ["b", "y"]
    for name in ("here", "there"):
        read_manifest(tmp_path / name).verify_files(tmp_path / name)


def test_what_ops_of_the_device_read_is_made_there(source: Path) -> None:
    assert split_at(source, ["relu"], verify=False).manifest == split_at(source, DEVICE, verify=False).manifest


def test_the_users_samples_are_used(source: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "some.npz", x=np.random.default_rng(3).standard_normal((6, 3, 8, 8)).astype(np.float32))
    found = split_at(source, DEVICE, samples=tmp_path / "some.npz")
    assert found.check is not None
    assert found.check.samples == found.encodings[0].samples == "6 samples of some.npz"
    assert found.encodings[0].runs == 4
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SplitError, match=r"no \.npy or \.npz file is in"):
        split_at(source, DEVICE, samples=empty)


def test_a_model_that_is_not_trained_is_run_with_random_weights(tmp_path: Path) -> None:
    text = "g (float[1,8] x, float[8,16] w, float[16,8] v) => (float[1,8] y) { a = MatMul (x, w) y = MatMul (a, v) }"
    made = model(text, constants={"w": np.zeros((8, 16)), "v": np.zeros((16, 8))})
    onnx.save(made, tmp_path / "blank.onnx")
    found = split_at(tmp_path / "blank.onnx", ["a"], tmp_path / "out")
    assert found.check is not None
    assert found.check.random_weights
    assert found.check.plain.bit_equal
    assert (found.encodings, found.unmeasured) == ((), "the model is not trained yet")
    assert not numpy_helper.to_array(onnx.load(tmp_path / "out" / "blank.device.onnx").graph.initializer[0]).any()


def test_weights_that_lay_apart_lie_apart(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "big.onnx"
    made = model("g (float[1,64] x, float[64,64] w, float[64,64] v) => (float[1,64] y) "
                 "{ a = MatMul (x, w) y = MatMul (a, v) }", weights=["w", "v"])  # fmt: skip
    onnx.save(made, place, save_as_external_data=True, location="big.bin", size_threshold=0)
    found = split_at(place, ["a"], tmp_path / "out")
    assert names(tmp_path / "out") == [
        "big.cloud.onnx", "big.cloud.onnx.data", "big.device.onnx", "big.device.onnx.data", "manifest.json",
    ]  # fmt: skip
    assert found.check is not None
    assert found.check.plain.bit_equal
    assert [f.bytes for half in found.manifest.halves.values() for f in half.files[1:]] == [64 * 64 * 4] * 2
    read_manifest(tmp_path / "out").verify_files(tmp_path / "out")
    with pytest.raises(WriteError, match="holds other files"):
        split_at(place, ["a"], tmp_path)


def test_bound_models_are_split_as_they_were_bound(tmp_path: Path) -> None:
    text = "g (float[N,4] x, float k) => (float[N,4] y) { [one] a = Mul (x, k) [two] y = Neg (a) }"
    onnx.save(parse_model(text), tmp_path / "free.onnx")
    with pytest.raises(SplitError, match="'a' would be handed over with the free shape Nx4: bind it with --dim N="):
        split_at(tmp_path / "free.onnx", ["one"], tmp_path / "out")
    assert names(tmp_path) == ["free.onnx"]
    found = split_at(tmp_path / "free.onnx", ["one"], tmp_path / "out", dims={"N": 3}, values={"k": 2})
    assert [(i.name, i.shape) for i in found.manifest.inputs] == [("x", (3, 4))]
    assert found.manifest.boundary[0].shape == (3, 4)
    assert found.check is not None
    assert found.check.plain.bit_equal


def test_ops_of_functions_are_found_by_their_place(tmp_path: Path) -> None:
    made = onnx.parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 18, "own" : 1]>
        g (float[4] x) => (float[4] y) { [call] a = own.twice (x) [last] y = Neg (a) }
        <domain: "own", opset_import: ["" : 18]> twice (p) => (q) { r = Abs (p) q = Add (r, r) }
    """)
    onnx.save(made, tmp_path / "own.onnx")
    planned = [op.name for op in load_model(tmp_path / "own.onnx").graph.ops]
    found = split_at(tmp_path / "own.onnx", planned[:1])
    assert found.manifest.device is not None
    assert found.manifest.device.ops == 1


def test_what_is_fused_across_the_cut_is_said(tmp_path: Path) -> None:
    made = model(
        """g (float[1,16] x, float[16,16] w, float[16] b) => (float[1,16] y) {
            [one] a = MatMul (x, w) [two] c = Add (a, b) [three] d = Mul (c, c) [four] y = Sub (d, x)
        }""",
        weights=["w", "b"],
    )
    onnx.save(made, tmp_path / "fused.onnx")
    found = split_at(tmp_path / "fused.onnx", ["one"]).check
    assert found is not None
    assert found.plain.bit_equal
    assert found.since == ("" if found.optimised.bit_equal else "pairs as MatMul and Add in one op")
    assert found.optimised.worst < 1e-5
    assert (found.own is None) == found.optimised.bit_equal


def test_float16_may_be_rounded_once_more(tmp_path: Path) -> None:
    made = parse_model("""g (float16[1,2,5,5] x, float16[2,2,3,3] w) => (float16[1,2,1,1] y) {
        [one] a = Conv (x, w) [two] b = Relu (a) [three] y = Conv (b, w)
    }""")
    made.graph.initializer.append(
        numpy_helper.from_array(np.random.default_rng(0).standard_normal((2, 2, 3, 3)).astype(np.float16), "w")
    )
    del made.graph.input[1]
    onnx.save(made, tmp_path / "half.onnx")
    found = split_at(tmp_path / "half.onnx", ["two"])
    assert found.check is not None
    assert found.check.float16
    assert found.check.plain.worst < 0.01
    assert (found.check.broken, found.why) == ("", "")
    assert [e.encoding for e in found.encodings if e.raw] == ["fp16"]  # which it is already


def test_outputs_of_chance_are_not_compared(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true, runs = check.run_each, 0

    def dice(path: str, samples: object, wanted: list[str], **how: object) -> Iterator[list[Array]]:
        nonlocal runs
        for made in true(path, samples, wanted, **how):
            runs += 1
            yield [a + np.float32(runs) if name == "y" else a for name, a in zip(wanted, made, strict=True)]

    monkeypatch.setattr(check, "run_each", dice)
    found = split_at(source, DEVICE)
    assert found.check is not None
    assert found.check.by_chance == ("y",)
    assert found.check.plain.bit_equal
    assert found.why == ""


def test_a_model_that_does_not_run_is_split_and_said(tmp_path: Path) -> None:
    made = onnx.parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 18, "acme" : 1]>
        g (float[4] x) => (float[4] y) { [one] a = Relu (x) [two] b = Neg (a) [three] y = acme.Odd (b) }
    """)
    onnx.save(made, tmp_path / "odd.onnx")
    found = split_at(tmp_path / "odd.onnx", ["one"], tmp_path / "out")
    assert found.check is not None
    assert found.check.plain.runs == 0
    assert "onnxruntime does not run the model" in found.unmeasured
    assert found.written


def test_halves_that_are_not_the_whole_are_not_written(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = check.run_halves

    def off(*given: object) -> list[dict[str, Array]]:
        return [{name: array * np.float32(1.5) for name, array in values.items()} for values in true(*given)]

    monkeypatch.setattr(check, "run_halves", off)
    found = split_at(source, DEVICE, tmp_path / "out")
    assert found.why == "the output 'y' of the halves differs from the model's by 5.0e-01"
    assert found.written == ()
    assert names(tmp_path) == ["net.onnx"]


def test_what_was_planned_to_be_sent_must_be_sent(source: Path) -> None:
    with pytest.raises(SplitError, match="the cut sends 'b', and 'a', 'b' was planned"):
        split_at(source, DEVICE, sent=["a", "b"])
    with pytest.raises(SplitError, match="no op is called 'nobody'"):
        split_at(source, ["nobody"])


def test_an_earlier_split_is_replaced(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    split_at(source, None, out)
    split_at(source, (), out)
    assert names(out) == ["manifest.json", "net.cloud.onnx"]
    other = tmp_path / "other.onnx"
    os.rename(source, other)
    split_at(other, DEVICE, out)
    assert names(out) == ["manifest.json", "other.cloud.onnx", "other.device.onnx"]
    read_manifest(out).verify_files(out)


def test_places_that_would_lose_something_are_refused(source: Path, tmp_path: Path) -> None:
    def refused(folder: Path, model: Path = source) -> str:
        with pytest.raises(WriteError) as caught:
            split_at(model, DEVICE if model == source else None, folder)
        return str(caught.value)

    assert refused(source) == f"cannot write {source}: it is no folder"
    assert refused(tmp_path / "a" / "b") == f"cannot write {tmp_path / 'a' / 'b'}: no such folder"
    assert refused(tmp_path) == f"{tmp_path} holds other files ('net.onnx'): give a folder of its own"
    out = tmp_path / "out"
    split_at(source, DEVICE, out)
    half = out / "net.device.onnx"
    before = half.read_bytes()
    assert refused(out, half) == f"{out} holds the model itself: give another place"
    (out / "notes.txt").write_text("mine")
    assert refused(out) == f"{out} holds other files ('notes.txt'): give a folder of its own"
    assert half.read_bytes() == before
    assert names(out) == ["manifest.json", "net.cloud.onnx", "net.device.onnx", "notes.txt"]


def test_a_manifest_of_something_else_is_left_alone(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text('{"name": "an app"}')
    with pytest.raises(WriteError, match=r"holds other files \('manifest.json'\)"):
        split_at(source, DEVICE, tmp_path / "out")


def test_what_fails_midway_leaves_the_earlier_split(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    split_at(source, DEVICE, out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    true, count = os.rename, 0

    def failing(start: Path, end: Path) -> None:
        nonlocal count
        count += 1
        if count == 5:
            raise OSError(28, "No space left on device")
        true(start, end)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(WriteError, match="No space left on device"):
        split_at(source, ("conv",), out)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_types_that_cannot_be_sent_are_refused(tmp_path: Path) -> None:
    text = "g (float[4] x) => (float[4] y) { [one] a = Cast <to = 16> (x) [two] b = Neg (a) y = Cast <to = 1> (b) }"
    onnx.save(parse_model(text), tmp_path / "brain.onnx")
    with pytest.raises(SplitError, match="'a' would be sent, and no encoding is for its type, bfloat16"):
        split_at(tmp_path / "brain.onnx", ["one"], tmp_path / "out")


def test_models_that_no_manifest_can_tell_of_are_refused(tmp_path: Path) -> None:
    onnx.save(parse_model("g (float[4] x) => (float[4] y, float[4] y) { y = Relu (x) }"), tmp_path / "twice.onnx")
    onnx.save(parse_model("g () => () { }"), tmp_path / "none.onnx")
    for name, why in (("twice", "the outputs name a tensor twice"), ("none", "neither side has a model")):
        with pytest.raises(SplitError, match=f"no split can be made of it: {why}"):
            split_at(tmp_path / f"{name}.onnx", None, tmp_path / "out")
    assert names(tmp_path) == ["none.onnx", "twice.onnx"]


def test_odd_names_make_plain_files(source: Path, tmp_path: Path) -> None:
    odd = tmp_path / ".a:b\nc.onnx"
    os.rename(source, odd)
    split_at(odd, DEVICE, tmp_path / "out")
    assert names(tmp_path / "out") == ["a_b_c.cloud.onnx", "a_b_c.device.onnx", "manifest.json"]
    read_manifest(tmp_path / "out").verify_files(tmp_path / "out")


def test_detections_come_back_in_whatever_size(tmp_path: Path) -> None:
    ends = [helper.make_tensor_value_info("x", 1, [4])], [helper.make_tensor_value_info("y", 7, [1, None])]
    nodes = [helper.make_node("Relu", ["x"], ["a"], name="one"), helper.make_node("NonZero", ["a"], ["y"], name="two")]
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", *ends), ir_version=8), tmp_path / "found.onnx")
    found = split_at(tmp_path / "found.onnx", ["one"], tmp_path / "out", sending=Sending("uint8", back=None))
    (back,) = read_manifest(tmp_path / "out").back
    assert (back.shape, back.bytes, back.encoding, back.sent_bytes) == ((1, None), None, "raw", None)
    assert found.check is not None
    assert found.check.plain.bit_equal


def test_ops_that_the_file_has_in_no_order_keep_their_names(tmp_path: Path) -> None:
    nodes = [helper.make_node("Neg", ["a"], ["y"], name="last"), helper.make_node("Relu", ["x"], ["a"], name="first")]
    ends = [helper.make_tensor_value_info(name, 1, [4]) for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]), ir_version=8)
    source = tmp_path / "model.onnx"
    source.write_bytes(model.SerializeToString())
    made = split_at(source, ["first"], tmp_path / "parts")
    assert made.written
    assert [t.name for t in made.manifest.boundary] == ["a"]
