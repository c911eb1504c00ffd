from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from click.testing import Result

from edgeplan.report.json import verification_schema
from edgeplan.verify import process

Run = Callable[..., Result]
Save = Callable[..., Path]
PHONE = ("--target", "snapdragon-8-gen-3", "--backend", "qnn")
RELU = "g (float[1,8,16,16] x) => (float[1,8,16,16] y) { [one] a = Relu (x) [two] y = Sigmoid (a) }"
ASKING = """
import json, os, sys
request = json.load(open(sys.argv[1]))
def write(**said):
    json.dump(said, open(sys.argv[2], "w"))
def nodes(**units):
    return [{"name": n, "type": "", "unit": u, "words": "" if u == "htp" else "too small"} for n, u in units.items()]
"""


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a program in the place of Qualcomm's compiler."""
    monkeypatch.setattr(process, "ASK", tmp_path)
    return lambda text: (tmp_path / "qnn_htp.py").write_text(ASKING + text, "utf-8") and None


AGREES = 'write(versions={"toy": "1"}, done=True, nodes=nodes(one="htp", two="htp"), partitions={"htp": 1})'
DIFFERS = 'write(versions={"toy": "1"}, done=True, nodes=nodes(one="htp", two="cpu"), partitions={"htp": 1})'

Compiler = Callable[[str], None]


def test_agreement_exits_0(run: Run, save: Save, compiler: Compiler) -> None:
    compiler(AGREES)
    result = run("verify", save(RELU), *PHONE, "--fail-on", "disagreement", "--strict")
    assert result.exit_code == 0, result.output
    assert "AGREES   qnn-htp" in result.stdout
    assert "2 of 2 ops agree (100 %; 100 % of the work)" in result.stdout
    assert result.stderr == ""


def test_disagreement_exits_1_only_when_asked_to(run: Run, save: Save, compiler: Compiler) -> None:
    compiler(DIFFERS)
    model = save(RELU)
    assert run("verify", model, *PHONE).exit_code == 0
    result = run("verify", model, *PHONE, "--fail-on", "disagreement")
    assert result.exit_code == 1
    assert "predicted runs, refused" in result.stdout
    assert "too small" in result.stdout


def test_the_compiler_is_told_the_chip_and_given_a_copy(run: Run, save: Save, compiler: Compiler) -> None:
    compiler('write(error=request["chip"] + " " + os.path.basename(request["model"]))')
    model = save(RELU, "given.onnx")
    result = run("verify", model, *PHONE)
    assert result.exit_code == 0
    assert "57 model.onnx" in result.stdout
    assert "DISAGREES" in result.stdout


@pytest.mark.parametrize("program", ["os.abort()", "sys.exit(3)", "raise MemoryError"])
def test_a_crash_is_an_answer(run: Run, save: Save, compiler: Compiler, program: str) -> None:
    compiler(program)
    result = run("verify", save(RELU), *PHONE)
    assert result.exit_code == 0
    assert "CANNOT TELL   qnn-htp" in result.stdout
    assert run("verify", save(RELU), *PHONE, "--strict").exit_code == 4


def test_patience_ends(run: Run, save: Save, compiler: Compiler) -> None:
    compiler("import time; time.sleep(60)")
    result = run("verify", save(RELU), *PHONE, "--timeout", "1")
    assert "no answer in 1" in result.stdout
    assert "no end after 1 s" in result.stdout


def test_sigterm_ends_the_compiler_too(save: Save, compiler: Compiler, tmp_path: Path) -> None:
    note = tmp_path / "alive"
    compiler(f"import time\nwhile True: open({str(note)!r}, 'w').write(str(time.time())); time.sleep(0.1)")
    program = (
        "import sys, pathlib; from edgeplan.verify import process; from edgeplan.cli.main import main\n"
        f"process.ASK = pathlib.Path({str(tmp_path)!r}); main()"
    )
    child = subprocess.Popen([sys.executable, "-c", program, "verify", str(save(RELU)), *PHONE])
    for _ in range(600):
        if note.exists():
            break
        time.sleep(0.1)
    child.terminate()
    assert child.wait(60) == 143
    for _ in range(20):  # a busy machine takes a moment to end it
        last = note.read_text("utf-8")
        time.sleep(0.5)
        if note.read_text("utf-8") == last:
            break
    else:
        pytest.fail("the compiler still runs")


def test_a_missing_package_is_one_line_with_the_command(run: Run, save: Save, compiler: Compiler) -> None:
    compiler('write(missing="the Python package onnxruntime_qnn")')
    result = run("verify", save(RELU), *PHONE)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert "pip install 'edgeplan[verify-qnn]'" in line


def test_json_follows_its_schema(run: Run, save: Save, compiler: Compiler) -> None:
    compiler(DIFFERS)
    result = run("verify", save(RELU), *PHONE, "--format", "json")
    told = json.loads(result.stdout)
    jsonschema.validate(told, verification_schema(), jsonschema.Draft202012Validator)
    (agreement,) = told["agreements"]
    assert agreement["outcome"] == "disagrees"
    assert agreement["share_of_ops"] == 0.5
    assert {g["match"] for g in agreement["groups"]} == {"agree", "predicted-runs-but-refused"}


def test_markdown_is_a_page(run: Run, save: Save, compiler: Compiler, tmp_path: Path) -> None:
    compiler(AGREES)
    page = tmp_path / "page.md"
    assert run("verify", save(RELU), *PHONE, "--format", "markdown", "-o", page).exit_code == 0
    assert page.read_text("utf-8").startswith("## model.onnx on Snapdragon 8 Gen 3")


def test_records_are_written(run: Run, save: Save, compiler: Compiler, tmp_path: Path) -> None:
    compiler(AGREES)
    result = run("verify", save(RELU), *PHONE, "--record", tmp_path / "runs")
    assert result.exit_code == 0
    (record,) = (tmp_path / "runs").iterdir()
    assert record.name.endswith("-qnn-htp-57-model.json")
    assert f"recorded {record}" in result.stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--with", "nobody"), "no referee 'nobody'"),
        (("--python", "/no/such/python"), "is no file"),
        (("--memory-limit", "much"), "much"),
        (("--dim", "N=4"), "no free dimension"),
        (("--target", "nokia3310"), "nokia3310"),
    ],
)
def test_wrong_options_exit_2(run: Run, save: Save, compiler: Compiler, more: tuple[str, ...], words: str) -> None:
    compiler(AGREES)
    result = run("verify", save(RELU), *PHONE, *more)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_backend_nobody_can_be_asked_about_says_so(run: Run, save: Save) -> None:
    result = run("verify", save(RELU), "--target", "snapdragon-8-gen-3", "--backend", "snpe")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("edgeplan: ")


def test_a_chip_the_compiler_does_not_know_is_said(run: Run, save: Save) -> None:
    result = run("verify", save(RELU), "--target", "jetson-nano")
    assert result.exit_code == 2
    assert "has no name for the GPU" in result.stderr


def test_a_broken_model_exits_3(run: Run, tmp_path: Path, compiler: Compiler) -> None:
    compiler(AGREES)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    result = run("verify", broken, *PHONE)
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1


def test_a_referee_of_another_backend_is_named_as_not_asked(run: Run, save: Save, compiler: Compiler) -> None:
    compiler(AGREES)
    result = run("verify", save(RELU), *PHONE, "--with", "qnn-htp", "--with", "tensorrt-rtx")
    assert result.exit_code == 0
    assert "not asked   tensorrt-rtx" in result.stdout
