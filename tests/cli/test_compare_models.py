from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
from click.testing import Result

from edgeplan.report.json import comparison_schema

Run = Callable[..., Result]
Save = Callable[..., Path]
PHONE = ("--target", "iphone14pro", "--release", "17")
WIDE = "g (float[1,64,64,64] x) => (float[1,64,64,64] y) { y = Relu (x) }"
OPEN = "g (float[N,8,16,16] x) => (float[N,8,16,16] y) { y = Relu (x) }"


def test_two_models_are_held_beside_each_other(run: Run, save: Save) -> None:
    result = run("compare", save(name="a.onnx"), save(WIDE, "b.onnx"), *PHONE)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith("iPhone 14 Pro, Core ML (iOS 17)\n")
    assert "only accuracy could speak for b " in " ".join(result.stdout.split())


def test_each_target_has_its_table(run: Run, save: Save) -> None:
    result = run("compare", save(name="a.onnx"), save(WIDE, "b.onnx"), "-t", "iphone14pro", "-t", "pixel8")
    heads = [line for line in result.stdout.splitlines() if line.startswith(("iPhone 14 Pro, ", "Pixel 8, "))]
    assert len(heads) == 2


def test_json_follows_its_schema(run: Run, save: Save) -> None:
    result = run("compare", save(name="a.onnx"), save(WIDE, "b.onnx"), *PHONE, "--assume", "w8a8", "--format", "json")
    said = json.loads(result.stdout)
    jsonschema.validate(said, comparison_schema(), jsonschema.Draft202012Validator)
    (standing,) = said["standings"]
    assert [c["model"] for c in standing["candidates"]] == ["a.onnx", "b.onnx"]
    assert standing["target"]["assume"] == "w8a8"
    assert standing["front"] == [0]


def test_the_report_may_go_to_a_file(run: Run, save: Save, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    result = run("compare", save(name="a.onnx"), save(WIDE, "b.onnx"), *PHONE, "-o", out)
    assert result.stdout == ""
    assert out.read_text("utf-8").startswith("iPhone 14 Pro")


def test_what_is_over_the_budget_does_not_fit(run: Run, save: Save) -> None:
    small, large = save(name="a.onnx"), save(WIDE, "b.onnx")
    result = run("compare", small, large, *PHONE, "--budget", "memory=100kB")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1] == "  only a fits"


def test_a_report_never_overwrites_a_model(run: Run, save: Save) -> None:
    one, other = save(name="a.onnx"), save(WIDE, "b.onnx")
    before = other.read_bytes()
    assert run("compare", one, other, *PHONE, "-o", other).exit_code == 2
    assert other.read_bytes() == before


def test_a_model_that_cannot_be_read_exits_3_with_its_name(run: Run, save: Save, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\xff" * 40)
    result = run("compare", save(name="a.onnx"), broken, *PHONE)
    assert result.exit_code == 3
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("edgeplan: broken.onnx: ")


def test_a_binding_holds_for_the_models_that_have_it(run: Run, save: Save) -> None:
    fixed, free = save(name="a.onnx"), save(OPEN, "b.onnx")
    result = run("compare", fixed, free, *PHONE, "--dim", "N=4")
    assert result.exit_code == 0
    assert "EP001" not in result.stdout
    assert "EP001" in run("compare", fixed, free, *PHONE).stdout


def test_a_binding_that_no_model_has_exits_2(run: Run, save: Save) -> None:
    result = run("compare", save(name="a.onnx"), save(OPEN, "b.onnx"), *PHONE, "--dim", "M=4", "--dim", "N=1")
    assert result.exit_code == 2
    assert "no model has a free dimension or an input 'M'" in result.stderr


def test_one_model_is_no_comparison(run: Run, save: Save) -> None:
    result = run("compare", save(), *PHONE)
    assert result.exit_code == 2
    assert "two models or more" in result.stderr


def test_models_of_one_name_are_told_apart(run: Run, save: Save, tmp_path: Path) -> None:
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
    old, new = save(name="old/m.onnx"), save(WIDE, "new/m.onnx")
    said = json.loads(run("compare", old, new, old, *PHONE, "--format", "json").stdout)
    names = [c["model"] for c in said["standings"][0]["candidates"]]
    assert names == [f"{old} (1)", str(new), f"{old} (2)"]
