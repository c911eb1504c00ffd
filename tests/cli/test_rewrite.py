from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
from click.testing import Result
from onnx import TensorProto, numpy_helper

from edgeplan.report.json import rewrite_schema
from edgeplan.surgery import equivalence
from edgeplan.surgery.rewrites import NAMES

Run = Callable[..., Result]
Save = Callable[..., Path]
PHONE = ("--target", "iphone14pro")
PADDED = """g (float[N,2,8,8] x) => (float[N,2,8,8] y)
    <int64[8] p = {0,0,1,1,0,0,1,1}, float[2,2,3,3] w = {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,
        9,8,7,6,5,4,3,2,1,9,8,7,6,5,4,3,2,1}> {
    [pad] a = Pad (x, p) [conv] b = Conv (a, w) [same] c = Identity (b) [out] y = Relu (c)
}"""
TURNED = """g (float[1,4,4,4] x) => (float[1,4,4,4] y) {
    a = Transpose <perm = [0,2,3,1]> (x) b = Relu (a) y = Transpose <perm = [0,3,1,2]> (b)
}"""
BOXES = """g (float[1,2,8,8] x) => (float[1,4] y, int64[1,4] at) <int64[4] s = {2,2,3,3}, int64[2] flat = {1,-1},
    int64[1] k = {4}> {
    w = ConstantOfShape (s) [conv] a = Conv (x, w) [act] b = Relu (a) [flat] c = Reshape (b, flat)
    [best] y, at = TopK (c, k)
}"""
GELU = """g (float[2,16] x) => (float[2,16] y) { y = Gelu (x) }"""


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, with the hash of its contents."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder"
        for p in folder.rglob("*")
    }


def types(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(path, load_external_data=False).graph.node]


def weights_changed(source: Path, place: Path) -> Path:
    """The same model as if it had been trained again."""
    model = onnx.load(source)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            array = numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array((array * 0.5 + 1).astype(np.float32), tensor.name))
    onnx.save(model, place)
    return place


def with_data(source: Path, data: str) -> Path:
    """A model like another, beside it, whose largest weight lies in a file of its own."""
    model = onnx.load(source)
    tensor = max(model.graph.initializer, key=lambda t: t.ByteSize())
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name))
    place = source.parent / data
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, text in (("location", data), ("offset", "0"), ("length", str(place.stat().st_size))):
        tensor.external_data.add(key=key, value=text)
    path = source.with_name("apart.onnx")
    onnx.save(model, path)
    return path


def refused(result: Result, *words: str) -> None:
    """A usage error, in one line behind click's hint."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = [text for text in result.stderr.splitlines() if text.startswith(("Error:", "edgeplan:"))]
    assert result.stderr.splitlines()[-1] == line
    for word in words:
        assert word in line


def test_a_model_gets_smaller_and_is_verified(run: Run, save: Save, tmp_path: Path) -> None:
    model = save(PADDED)
    was = tree(tmp_path)
    result = run("rewrite", model, "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert "verified: outputs " in result.stdout
    assert "4 ops -> 2" in result.stdout
    assert types(tmp_path / "out.onnx") == ["Conv", "Relu"]
    left = tree(tmp_path)
    assert left.keys() - was.keys() == {"out.onnx"}
    assert was.items() <= left.items()


def test_for_a_target_both_plans_are_shown(run: Run, save: Save, tmp_path: Path) -> None:
    result = run("rewrite", save(TURNED), *PHONE, "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert "iPhone 14 Pro" in result.stdout
    assert any(line.split() == ["before", "after"] for line in result.stdout.splitlines())
    assert types(tmp_path / "out.onnx") == ["Relu"]


@pytest.mark.parametrize("target", [(), PHONE])
def test_a_dry_run_writes_nothing(run: Run, save: Save, tmp_path: Path, target: tuple[str, ...]) -> None:
    model = save(PADDED)
    was = tree(tmp_path)
    result = run("rewrite", model, *target, "--dry-run")
    assert result.exit_code == 0
    assert "nothing written" in result.stdout
    assert tree(tmp_path) == was


def test_only_uses_those_named(run: Run, save: Save, tmp_path: Path) -> None:
    result = run("rewrite", save(PADDED), "--only", "drop-no-op", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0
    assert types(tmp_path / "out.onnx") == ["Pad", "Conv", "Relu"]


def test_one_of_two_that_does_nothing_is_no_error(run: Run, save: Save, tmp_path: Path) -> None:
    more = ("--only", "pad-into-conv", "--only", "fuse-mish")
    assert run("rewrite", save(PADDED), *more, "-o", tmp_path / "out.onnx").exit_code == 0
    assert "Pad" not in types(tmp_path / "out.onnx")


def test_an_unknown_rewrite_is_answered_with_the_nearest(run: Run, save: Save) -> None:
    refused(
        run("rewrite", save(), "--only", "pad-in-conv", "--dry-run"), "'pad-in-conv'", "did you mean pad-into-conv?"
    )
    refused(run("rewrite", save(), "--only", "zzz", "--dry-run"), "--list")


def test_safe_only_leaves_the_numbers(run: Run, save: Save, tmp_path: Path) -> None:
    model = save(GELU.replace("Gelu", 'Gelu <approximate = "none">'))
    upgraded = onnx.load(model)
    upgraded.opset_import[0].version = 20
    onnx.save(upgraded, model)
    bold = run("rewrite", model, "--only", "gelu-to-tanh", "-o", tmp_path / "bold.onnx")
    safe = run("rewrite", model, "--only", "gelu-to-tanh", "--safe-only", "-o", tmp_path / "safe.onnx")
    assert (bold.exit_code, safe.exit_code) == (0, 0)
    assert "changes the numbers" in bold.stdout
    assert onnx.load(tmp_path / "bold.onnx").graph != onnx.load(tmp_path / "safe.onnx").graph
    assert types(tmp_path / "safe.onnx") == ["Gelu"]


def test_the_list_names_them_all(run: Run) -> None:
    result = run("rewrite", "--list")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines() if line[:1].strip()] == list(NAMES)


def test_json_follows_its_schema(run: Run, save: Save, tmp_path: Path) -> None:
    for more in ((), PHONE, (*PHONE, "--cut-host")):
        result = run("rewrite", save(BOXES), *more, "-o", tmp_path / "out.onnx", "--format", "json")
        assert result.exit_code == 0, result.output
        told = json.loads(result.stdout)
        jsonschema.validate(told, rewrite_schema(), jsonschema.Draft202012Validator)
        assert told["model"] == "model.onnx"
        assert told["comparison"]["runs"] > 0
        assert Path(told["written"][0]).name == "out.onnx"


# Plans that are kept


def test_a_kept_plan_is_done_again_with_other_weights(run: Run, save: Save, tmp_path: Path) -> None:
    model, plan = save(PADDED), tmp_path / "plan.json"
    assert run("rewrite", model, "-o", tmp_path / "a.onnx", "--save-plan", plan).exit_code == 0
    assert run("rewrite", model, "-o", tmp_path / "b.onnx", "--plan", plan).exit_code == 0
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    again = weights_changed(model, tmp_path / "again.onnx")
    result = run("rewrite", again, "-o", tmp_path / "c.onnx", "--plan", plan)
    assert result.exit_code == 0, result.output
    assert "verified" in result.stdout
    assert types(tmp_path / "c.onnx") == types(tmp_path / "a.onnx")
    assert (tmp_path / "c.onnx").read_bytes() != (tmp_path / "a.onnx").read_bytes()


def test_a_plan_can_be_kept_before_anything_is_done(run: Run, save: Save, tmp_path: Path) -> None:
    model, plan = save(PADDED), tmp_path / "plan.json"
    assert run("rewrite", model, *PHONE, "--dry-run", "--save-plan", plan).exit_code == 0
    assert not (tmp_path / "out.onnx").exists()
    assert run("rewrite", model, *PHONE, "--plan", plan, "-o", tmp_path / "out.onnx").exit_code == 0
    assert types(tmp_path / "out.onnx") == ["Conv", "Relu"]


def test_a_kept_plan_holds_what_was_bound(run: Run, save: Save, tmp_path: Path) -> None:
    model, plan = save(PADDED), tmp_path / "plan.json"
    assert run("rewrite", model, "--dim", "N=3", "-o", tmp_path / "a.onnx", "--save-plan", plan).exit_code == 0
    assert run("rewrite", model, "-o", tmp_path / "b.onnx", "--plan", plan).exit_code == 0
    (info,) = onnx.load(tmp_path / "b.onnx").graph.input
    assert info.type.tensor_type.shape.dim[0].dim_value == 3


def test_the_plan_of_another_model_is_refused(run: Run, save: Save, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert run("rewrite", save(PADDED), "--dry-run", "--save-plan", plan).exit_code == 0
    result = run("rewrite", save(TURNED, "other.onnx"), "-o", tmp_path / "out.onnx", "--plan", plan)
    refused(result, "not the model", "model.onnx")
    assert not (tmp_path / "out.onnx").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no plan"),
        ("{", "is no plan"),
        ("[1, 2]", "is no plan"),
        ('{"edgeplan": "1", "model": "m"}', "is no plan"),
        ("\x00\xff", "is no plan"),
        (
            '{"edgeplan":"1","model":"m","before":"b","after":"a","steps":[{"rewrite":"../../x"}]}',
            "does not know: ../../x",
        ),
    ],
)
def test_a_broken_plan_is_refused(run: Run, save: Save, tmp_path: Path, text: str, words: str) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(text, "latin-1")
    refused(run("rewrite", save(), "-o", tmp_path / "out.onnx", "--plan", plan), words)
    refused(run("rewrite", save(), "-o", tmp_path / "out.onnx", "--plan", tmp_path / "none.json"), "cannot read")


# The host's part


def test_what_the_host_runs_becomes_a_model_of_its_own(run: Run, save: Save, tmp_path: Path) -> None:
    model = save(BOXES)
    whole = run("rewrite", model, *PHONE, "-o", tmp_path / "whole.onnx")
    assert "--cut-host makes them a model of their own" in " ".join(whole.stdout.split())
    result = run("rewrite", model, *PHONE, "--cut-host", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert "verified" in result.stdout
    assert types(tmp_path / "out.host.onnx")[-1] == "TopK"
    assert "TopK" not in types(tmp_path / "out.onnx")
    device, host = (onnx.load(tmp_path / name).graph for name in ("out.onnx", "out.host.onnx"))
    assert [o.name for o in device.output] == [i.name for i in host.input]
    assert [o.name for o in host.output] == ["y", "at"]


def test_the_hosts_part_does_not_go_over_the_model(run: Run, save: Save, tmp_path: Path) -> None:
    model = save(BOXES, "out.host.onnx")
    was = tree(tmp_path)
    refused(run("rewrite", model, *PHONE, "--cut-host", "-o", tmp_path / "out.onnx"), "is the model itself")
    assert tree(tmp_path) == was


# Verification


def test_a_model_that_differs_is_not_written(
    run: Run, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truly = equivalence.run_files
    monkeypatch.setattr(
        equivalence, "run_files", lambda paths, *more: [y + (paths != [model]) for y in truly(paths, *more)]
    )
    model, plan = save(PADDED), tmp_path / "plan.json"
    was = tree(tmp_path)
    result = run("rewrite", model, "-o", tmp_path / "out.onnx", "--save-plan", plan)
    assert result.exit_code == 1
    assert "NOT EQUAL: output 'y' differs by" in result.stdout
    assert tree(tmp_path) == was


def test_without_verification_nothing_is_run(
    run: Run, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(equivalence, "run_files", lambda *_: pytest.fail("run"))
    result = run("rewrite", save(PADDED), "--no-verify", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert "written, not verified" in result.stdout
    assert types(tmp_path / "out.onnx") == ["Conv", "Relu"]


@pytest.mark.parametrize("name", ["onnx_ir", "onnxruntime", "ortools"])
@pytest.mark.parametrize("verb", ["rewrite", "analyze"])
def test_a_missing_package_is_named_with_the_command(
    run: Run, save: Save, monkeypatch: pytest.MonkeyPatch, name: str, verb: str
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *more: None if n == name else found(n, *more))
    more = ("--dry-run",) if verb == "rewrite" else ("--advise", *PHONE)
    refused(run(verb, save(), *more), f"{name} is not installed", "pip install 'edgeplan[rewrite]'")


# What is bound


def test_bindings_become_part_of_the_model(run: Run, save: Save, tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    for more in (("--dim", "N=4"), ("--input", "x=4x2x8x8")):
        assert run("rewrite", save(PADDED), *more, "-o", out).exit_code == 0
        (info,) = onnx.load(out).graph.input
        assert [d.dim_value for d in info.type.tensor_type.shape.dim] == [4, 2, 8, 8]


def test_a_bound_value_is_no_input_any_more(run: Run, save: Save, tmp_path: Path) -> None:
    text = "g (float[4] x, float s) => (float[4] y) { a = Mul (x, s) y = Relu (a) }"
    result = run("rewrite", save(text), "--value", "s=2", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert "verified" in result.stdout
    assert [i.name for i in onnx.load(tmp_path / "out.onnx").graph.input] == ["x"]


def test_the_opset_can_be_raised(run: Run, save: Save, tmp_path: Path) -> None:
    result = run("rewrite", save(PADDED), "--opset", "20", "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert onnx.load(tmp_path / "out.onnx").opset_import[0].version == 20
    refused(run("rewrite", save(PADDED), "--opset", "17", "--dry-run"), "it can be raised, not lowered")
    refused(run("rewrite", save(PADDED), "--opset", "99", "--dry-run"), "knows opsets up to")


# Wrong use


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "-o OUT.onnx"),
        (("--dry-run", "-o", "out.onnx"), "--dry-run writes no model"),
        (("--dry-run", "--backend", "coreml"), "go with a --target"),
        (("--dry-run", "--precision", "float16"), "go with a --target"),
        (("--dry-run", "--target", "nokia3310"), "nokia3310"),
        (("--dry-run", "--target", "iphone14pro", "--backend", "qnn"), "qnn"),
        (("--dry-run", "--dim", "Q=4"), "Q"),
        (("--dry-run", "--dim", "N=x"), "'x' is not a size"),
        (("--dry-run", "--input", "z=1x2"), "z"),
        (("--dry-run", "--input", "x=1x2"), "x"),
        (("--dry-run", "--value", "x=1"), "x"),
        (("--dry-run", "--plan", "p.json", "--only", "drop-no-op"), "do not go with --plan"),
        (("-o", "-"), "stdout"),
        (("-o", "no/such/folder/out.onnx"), "no such folder"),
        (("-o", "."), "it is a folder"),
        (("-o", "out.onnx", "--save-plan", "out.onnx"), "two reports"),
        (("-o", "model.onnx"), "model"),
        (("--dry-run", "--save-plan", "model.onnx"), "model"),
        (("--frobnicate",), "frobnicate"),
    ],
)
def test_wrong_options_exit_2_and_leave_nothing(
    run: Run, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], words: str
) -> None:
    save(PADDED)
    monkeypatch.chdir(tmp_path)
    was = tree(tmp_path)
    refused(run("rewrite", "model.onnx", *more), words)
    assert tree(tmp_path) == was


def test_a_model_must_be_named(run: Run) -> None:
    refused(run("rewrite", "--dry-run"), "MODEL")


def test_a_tflite_model_is_not_for_it(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(b"\x1c\x00\x00\x00TFL3" + bytes(64))
    refused(run("rewrite", model, "--dry-run"), "m.tflite is no ONNX model")
    hidden = tmp_path / "m.onnx"
    hidden.write_bytes(model.read_bytes())
    refused(run("rewrite", hidden, *PHONE, "--dry-run"), "is no ONNX model")


# Where it is written


def test_links_to_the_model_are_the_model(run: Run, save: Save, tmp_path: Path) -> None:
    model = save(PADDED)
    (tmp_path / "soft.onnx").symlink_to(model)
    os.link(model, tmp_path / "hard.onnx")
    was = tree(tmp_path)
    for source, place in (("soft", "model"), ("model", "soft"), ("model", "hard"), ("soft", "hard")):
        refused(run("rewrite", tmp_path / f"{source}.onnx", "-o", tmp_path / f"{place}.onnx"), "model")
    assert tree(tmp_path) == was


def test_another_file_is_replaced_and_a_link_to_one_is_not_followed(run: Run, save: Save, tmp_path: Path) -> None:
    model, other, link = save(PADDED), tmp_path / "other.txt", tmp_path / "link.onnx"
    other.write_text("mine", "utf-8")
    link.symlink_to(other)
    assert run("rewrite", model, "-o", link).exit_code == 0
    assert other.read_text("utf-8") == "mine"
    assert types(link) == ["Conv", "Relu"]
    assert run("rewrite", model, "-o", other).exit_code == 0
    assert types(other) == ["Conv", "Relu"]


def test_relative_paths_are_the_callers(run: Run, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_data(save(PADDED), "sub/w.bin")
    (tmp_path / "to").mkdir()
    monkeypatch.chdir(tmp_path)
    result = run("rewrite", "apart.onnx", "-o", "to/out.onnx")
    assert result.exit_code == 0, result.output
    assert "verified" in result.stdout
    onnx.checker.check_model("to/out.onnx", full_check=True)


def test_a_folder_that_cannot_be_written_to_is_said(
    run: Run, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    model = save(PADDED)
    monkeypatch.setattr("tempfile.mkdtemp", denied)
    refused(run("rewrite", model, "-o", tmp_path / "out.onnx"), "cannot write", "Permission denied")


@pytest.mark.parametrize("place", ["w.bin", "out.onnx", "out.onnx.data", "out.host.onnx", "out.host.onnx.data"])
def test_the_models_weights_are_never_written_over(run: Run, save: Save, tmp_path: Path, place: str) -> None:
    model = with_data(save(PADDED), place)
    out = "w.bin" if place == "w.bin" else "out.onnx"
    was = tree(tmp_path)
    refused(run("rewrite", model, "--cut-host", "-o", tmp_path / out), "holds the model's weights")
    assert tree(tmp_path) == was
    if place == "w.bin":
        refused(run("rewrite", model, "--dry-run", "--save-plan", tmp_path / place), "holds the model's weights")
        assert tree(tmp_path) == was


def test_weights_that_lay_apart_do_so_again(run: Run, save: Save, tmp_path: Path) -> None:
    wide = PADDED.replace(
        "float[2,2,3,3] w = {1", "float[16,2,5,5] v = {" + ",".join("1" * 800) + "}, float[2,2,3,3] w = {1"
    )
    wide = wide.replace("y = Relu (c)", "y = Relu (c) z = Conv (x, v)").replace(
        "(float[N,2,8,8] y)", "(float[N,2,8,8] y, z)"
    )
    model = with_data(save(wide), "sub/w.bin")
    result = run("rewrite", model, "-o", tmp_path / "out.onnx")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out.onnx.data").is_file()
    made = onnx.load(tmp_path / "out.onnx", load_external_data=False)
    places = {e.value for t in made.graph.initializer for e in t.external_data if e.key == "location"}
    assert places == {"out.onnx.data"}
    assert {p.name for p in tmp_path.iterdir()} == {"model.onnx", "apart.onnx", "sub", "out.onnx", "out.onnx.data"}


# What cannot be read


@pytest.mark.parametrize("target", [(), PHONE])
def test_weights_that_are_not_there_exit_3(run: Run, save: Save, tmp_path: Path, target: tuple[str, ...]) -> None:
    model = with_data(save(PADDED), "w.bin")
    (tmp_path / "w.bin").unlink()
    result = run("rewrite", model, *target, "-o", tmp_path / "out.onnx")
    assert (result.exit_code, result.stdout) == (3, "")
    (line,) = result.stderr.splitlines()
    assert line == "edgeplan: apart.onnx: the file of its weights is not there: 'w.bin'"
    assert not (tmp_path / "out.onnx").exists()
    advised = run("analyze", model, *PHONE, "--advise")
    assert advised.exit_code == 0
    assert "rewrite not at apart.onnx: the file of its weights is not there: 'w.bin'" in advised.stdout


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x89PNG\r\n" + bytes(200)])
def test_a_broken_model_exits_3(run: Run, tmp_path: Path, content: bytes) -> None:
    model = tmp_path / "bad\x1b[31m.onnx"
    model.write_bytes(content)
    was = tree(tmp_path)
    result = run("rewrite", model, "-o", tmp_path / "out.onnx")
    assert (result.exit_code, result.stdout) == (3, "")
    (line,) = result.stderr.splitlines()
    assert line.isprintable()
    assert tree(tmp_path) == was


# Advice


def test_analyze_advises_with_gain_risk_and_command(run: Run, save: Save) -> None:
    result = run("analyze", save(TURNED), *PHONE, "--advise")
    assert result.exit_code == 0
    assert "numerically equal" in result.stdout or "exact" in result.stdout
    assert "edgeplan rewrite model.onnx -t iphone14pro" in result.stdout
