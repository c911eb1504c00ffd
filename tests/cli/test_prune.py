from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from math import prod
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
from click.testing import Result
from onnx import numpy_helper

from edgeplan import api
from edgeplan.cli.values import WORK
from edgeplan.pruning.goal import Goal
from edgeplan.report.json import prune_schema
from edgeplan.surgery.pruning import pruning
from edgeplan.surgery.pruning.trial import Trial

Run = Callable[..., Result]
Save = Callable[..., Path]
PHONE = ("--target", "iphone14pro")
NET = """g (float[N,3,16,16] x) => (float[N,2,16,16] y)
    <float[32,3,3,3] a = {1}, float[32,32,1,1] b = {1}, float[2,32,1,1] c = {1}> {
    [stem] s = Conv <pads = [1,1,1,1]> (x, a) [act] r = Relu (s) [deep] d = Conv (r, b) [top] t = Relu (d)
    [head] y = Conv (t, c)
}"""


@pytest.fixture
def net(save: Save) -> Callable[..., Path]:
    """Save the network with weights as if it had been trained, or all zero, before that."""

    def write(*, batch: str = "1", blank: bool = False, name: str = "net.onnx") -> Path:
        path = save(NET.replace("N", batch).replace("= {1}", "= {0}"), name)
        model, rng = onnx.load(path), np.random.default_rng(3)
        for tensor in model.graph.initializer:
            array = np.zeros(tuple(tensor.dims)) if blank else rng.standard_normal(tuple(tensor.dims))
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float32), tensor.name))
        onnx.save(model, path)
        return path

    return write


def refused(result: Result, *words: str) -> None:
    """A usage error, in one line behind click's hint."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = [text for text in result.stderr.splitlines() if text.startswith("Error:")]
    for word in words:
        assert word in line


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    return {t.name: tuple(t.dims) for t in onnx.load(path).graph.initializer}


def test_a_pruned_model_is_written_and_the_old_one_left_alone(run: Run, net: Save, tmp_path: Path) -> None:
    model = net()
    was = model.read_bytes()
    result = run("prune", model, "--to-macs", "50%", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert result.stdout.startswith("PRUNED   for any target")
    assert "runs in onnxruntime on " in result.stdout
    assert "accuracy" not in result.stdout
    assert model.read_bytes() == was
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.onnx", "out.onnx"]
    left = sum(prod(s) for s in shapes(tmp_path / "out.onnx").values())
    assert left < sum(prod(s) for s in shapes(model).values())


def test_for_a_target_both_plans_are_shown(run: Run, net: Save, tmp_path: Path) -> None:
    result = run("prune", net(), *PHONE, "--ratio", "0.5", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert "iPhone 14 Pro" in result.stdout
    assert "widths in steps of 16" in result.stdout
    assert any(line.split()[:1] == ["memory"] for line in result.stdout.splitlines())
    assert {s[0] for n, s in shapes(tmp_path / "out.onnx").items() if n in "ab"} == {16}


def test_a_dry_run_writes_nothing(run: Run, net: Save, tmp_path: Path) -> None:
    result = run("prune", net(), "--ratio", "0.5", "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("CAN BE PRUNED")
    assert "nothing written" in result.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["net.onnx"]


def test_before_training_it_is_a_plan_of_widths_that_can_be_written(run: Run, net: Save, tmp_path: Path) -> None:
    result = run("prune", net(blank=True), "--to-macs", "50%", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("WIDTH PLAN")
    assert "the widths to build and train it with" in result.stdout
    assert (tmp_path / "out.onnx").exists()


def test_a_goal_out_of_reach_is_exit_1_and_writes_nothing(run: Run, net: Save, tmp_path: Path) -> None:
    result = run("prune", net(), *PHONE, "--to-memory", "100", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 1
    assert result.stdout.startswith("CANNOT BE MET")
    assert "with every group at its floor it needs" in result.stdout
    assert "nothing written" in result.stdout
    assert not (tmp_path / "out.onnx").exists()


def test_a_new_model_that_does_not_run_is_exit_1(
    run: Run, net: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "try_models", lambda *_: Trial(broken="what is left of it does not run"))
    result = run("prune", net(), "--ratio", "0.5", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 1
    assert result.stdout.startswith("DOES NOT RUN")
    assert "what is left of it does not run" in result.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["net.onnx"]


def test_unverified_it_is_said_to_be(run: Run, net: Save, tmp_path: Path) -> None:
    result = run("prune", net(), "--ratio", "0.5", "--no-verify", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0
    assert "not run: " in result.stdout
    assert (tmp_path / "out.onnx").exists()


def test_what_is_kept_stays_as_wide(run: Run, net: Save, tmp_path: Path) -> None:
    result = run("prune", net(), "--ratio", "0.5", "--keep", "stem", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert shapes(tmp_path / "out.onnx") == {"a": (32, 3, 3, 3), "b": (16, 32, 1, 1), "c": (2, 16, 1, 1)}
    refused(run("prune", net(), "--ratio", "0.5", "--keep", "stam", "--dry-run"), "'stam'")


def test_no_group_gets_below_the_floor(run: Run, net: Save) -> None:
    result = run("prune", net(), "--to-macs", "1%", "--floor", "0.75", "--dry-run")
    assert result.exit_code == 1
    result = run("prune", net(), "--ratio", "0.9", "--floor", "0.75", "--dry-run")
    assert "32 -> 24" in result.stdout


def test_widths_are_multiples(run: Run, net: Save, tmp_path: Path) -> None:
    result = run("prune", net(), "--ratio", "0.3", "--multiple", "8", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert shapes(tmp_path / "out.onnx")["a"] == (24, 3, 3, 3)


def test_scores_by_activation_take_samples(run: Run, net: Save, tmp_path: Path) -> None:
    model = net()
    refused(run("prune", model, "--ratio", "0.5", "--score", "activation", "--dry-run"), "--samples")
    np.savez(tmp_path / "one.npz", x=np.random.default_rng(0).standard_normal((1, 3, 16, 16)).astype(np.float32))
    given = ("--score", "activation", "--samples", tmp_path / "one.npz")
    result = run("prune", model, "--ratio", "0.5", *given, "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert "lost (activation)" in result.stdout
    np.savez(tmp_path / "other.npz", z=np.zeros(3, np.float32))
    refused(run("prune", model, "--ratio", "0.5", *given[:3], tmp_path / "other.npz", "--dry-run"))


def test_bindings_become_part_of_the_model(run: Run, net: Save, tmp_path: Path) -> None:
    result = run("prune", net(batch="N"), "--dim", "N=2", "--to-macs", "50%", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    (value,) = onnx.load(tmp_path / "out.onnx").graph.input
    assert [d.dim_value for d in value.type.tensor_type.shape.dim] == [2, 3, 16, 16]


GOALS = ("--ratio", "0.5")
WRONG = {
    "no goal": ((), "one goal"),
    "two goals": ((*GOALS, "--to-macs", "50%", "--dry-run"), "one goal"),
    "memory of no device": (("--to-memory", "40MB", "--dry-run"), "--target"),
    "time of no device": (("--to-latency", "5ms", "--dry-run"), "--target"),
    "a runtime of no device": ((*GOALS, "--backend", "coreml", "--dry-run"), "--target"),
    "no place": (GOALS, "-o OUT.onnx"),
    "a place and a dry run": ((*GOALS, "--dry-run", "-o", "out.onnx"), "--dry-run"),
    "stdout": ((*GOALS, "-o", "-"), "stdout"),
    "no such folder": ((*GOALS, "-o", "nowhere/out.onnx"), "no such folder"),
    "all channels": (("--ratio", "1", "--dry-run"), "--ratio"),
    "no channels": (("--ratio", "0", "--dry-run"), "--ratio"),
    "no memory": ((*PHONE, "--to-memory", "0", "--dry-run"), "memory"),
    "no device of that name": ((*GOALS, "--target", "iphone99", "--dry-run"), "iphone99"),
    "no floor": ((*GOALS, "--floor", "nan", "--dry-run"), "floor"),
    "no such score": ((*GOALS, "--score", "guess", "--dry-run"), "--score"),
    "a dimension it does not have": ((*GOALS, "--dim", "Q=1", "--dry-run"), "'Q'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_usage_errors(run: Run, net: Save, case: str) -> None:
    given, word = WRONG[case]
    refused(run("prune", net(), *given), word)


def test_the_model_is_never_overwritten(run: Run, net: Save) -> None:
    model = net()
    was = model.read_bytes()
    refused(run("prune", model, *GOALS, "-o", model), "the model itself")
    assert model.read_bytes() == was


def test_a_model_that_cannot_be_read_is_exit_3(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"nonsense")
    result = run("prune", tmp_path / "broken.onnx", *GOALS, "--dry-run")
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1


def test_other_formats_are_sent_to_their_source(run: Run, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(64))
    refused(run("prune", tmp_path / "m.tflite", *GOALS, "--dry-run"), "no ONNX model")


@pytest.mark.parametrize("target", [(), PHONE])
def test_json_follows_the_schema(run: Run, net: Save, target: tuple[str, ...]) -> None:
    result = run("prune", net(), *target, *GOALS, "--dry-run", "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    jsonschema.validate(found, prune_schema(), jsonschema.Draft202012Validator)
    assert found["plan"]["layers"][0] == {"ops": ["stem"], "before": 32, "after": 16, "parts": None}
    assert "kept" not in found["plan"]


@pytest.mark.parametrize(
    ("text", "work"),
    [("50%", 0.5), ("100 %", 1), ("150M", 150e6), ("1.5GMACs", 1.5e9), ("2000MACs", 2e3), ("3 k", 3e3)],
)
def test_work_is_a_part_or_a_number(text: str, work: float) -> None:
    assert WORK.convert(text, None, None) == pytest.approx(work)


@pytest.mark.parametrize("text", ["0%", "101%", "1", "0.5", "-5M", "fast", "5m", ""])
def test_what_is_no_work(run: Run, net: Save, text: str) -> None:
    refused(run("prune", net(), "--to-macs", text, "--dry-run"), "--to-macs")


def test_from_python(net: Save, tmp_path: Path) -> None:
    made = api.prune(net(), macs=0.5, output=tmp_path / "out.onnx")
    assert made.plan.met
    assert made.plan.goal == Goal("macs", 0.5)
    assert made.written == (str(tmp_path / "out.onnx"),)
    with pytest.raises(ValueError, match="one goal"):
        api.prune(net(), "iphone14pro")


def test_what_is_open_has_to_be_bound_first(run: Run, net: Save) -> None:
    result = run("prune", net(batch="N"), "--to-macs", "50%", "--dry-run")
    assert result.exit_code == 1
    assert result.stdout.startswith("CANNOT TELL")
    assert "--dim" in result.stdout


def test_what_is_no_file_is_never_replaced(run: Run, net: Save, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    refused(run("prune", net(), *GOALS, "-o", tmp_path / "pipe.onnx"), "device")
    assert (tmp_path / "pipe.onnx").is_fifo()
    refused(run("prune", net(), *GOALS, "-o", tmp_path / ("x" * 300)), "too long")


def evil() -> bytes:
    """A pickle that would leave a file behind."""

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (Path("unpickled"),)

    return pickle.dumps(Evil())


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name, data in members.items():
            made.writestr(f"{name}.npy", data)
    return held.getvalue()


def declared(shape: tuple[int, ...]) -> bytes:
    """The head of an .npy file, with nothing behind it."""
    held = io.BytesIO()
    np.lib.format.write_array_header_1_0(held, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return held.getvalue()


def stored(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


SAMPLES = {
    "empty.npy": b"",
    "garbage.npz": bytes(range(256)),
    "pickle.npy": evil(),
    "pickle.npz": zipped(x=evil()),
    "cut.npy": stored(np.zeros((1, 3, 16, 16), np.float32))[:200],
    "huge.npy": declared((2**40,)),
    "huge.npz": zipped(x=declared((2**33,))),
    "bytes.npz": zipped(x=b"hello"),
    "none.npz": zipped(),
    "none.npy": stored(np.zeros((0, 3, 16, 16), np.float32)),
    "text.npy": stored(np.array(["a"])),
    "encrypted.npz": zipped(x=stored(np.zeros(3))).replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_that_are_none_are_refused_and_never_unpickled(
    run: Run, net: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(SAMPLES[name])
    refused(run("prune", net(), *GOALS, "--score", "activation", "--samples", name, "--dry-run"), name)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["net.onnx", name])


def test_a_pipe_is_no_sample(run: Run, net: Save, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    refused(run("prune", net(), *GOALS, "--samples", tmp_path / "pipe.npz", "--dry-run"), "no file")


def edited(model: Path, edit: Callable[[onnx.ModelProto], object]) -> Path:
    made = onnx.load(model)
    edit(made)
    model.write_bytes(made.SerializeToString())
    return model


def in_short_file(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[1]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="net.onnx")
    tensor.external_data.add(key="offset", value="99999999")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (in_short_file, "too short"),
        (lambda m: setattr(m.graph.initializer[1], "data_type", 0), "has no type"),
        (lambda m: setattr(m.graph.initializer[1], "data_type", 8), "has 0 strings"),
    ],
    ids=["short file", "no type", "no strings"],
)
def test_weights_that_cannot_be_read_are_exit_3(
    run: Run, net: Save, edit: Callable[[onnx.ModelProto], object], said: str
) -> None:
    result = run("prune", edited(net(), edit), *GOALS, "--dry-run")
    assert (result.exit_code, result.stdout) == (3, "")
    (line,) = result.stderr.splitlines()
    assert said in line


def test_an_axis_of_millions_costs_no_memory_and_stays(run: Run, save: Save) -> None:
    text = """g (float[1,3,8,8] x) => (float[1,8,8,8] y)
        <int64[4] s = {10000000,3,1,1}, int64[4] t = {8,10000000,1,1}> {
        w = ConstantOfShape (s) v = ConstantOfShape (t) [wide] a = Conv (x, w) y = Conv (a, v) }"""
    assert run("prune", save(text), *GOALS, "--dry-run").exit_code == 1


def test_scales_that_do_not_fit_their_axis_stay(run: Run, save: Save) -> None:
    text = """g (float[1,3,8,8] x) => (float[1,4,8,8] y)
        <int8[4,3,1,1] w = {1,2,3,4,5,6,7,8,9,1,2,3}, float[3] s = {1,2,3}> {
        v = DequantizeLinear <axis = 0> (w, s) y = Conv (x, v) }"""
    assert run("prune", save(text), *GOALS, "--dry-run").exit_code in (1, 3)
