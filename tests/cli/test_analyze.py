from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
Save = Callable[..., Path]
PHONE = ("--target", "iphone14pro", "--release", "17")
OPEN = "g (float[N,8,16,16] x) => (float[N,8,16,16] y) { y = Relu (x) }"
REFUSED = "g (float[1,2,2,2,4,4] x) => (float[1,2,2,2,4,4] y) { y = Relu (x) }"


def test_a_clean_model_exits_0(run: Run, save: Save) -> None:
    result = run("analyze", save(), *PHONE)
    assert result.exit_code == 0
    assert result.stdout.startswith("FITS   iPhone 14 Pro, Core ML (iOS 17)\n")
    assert result.stderr == ""
    assert result.stdout.endswith("\n")
    assert not result.stdout.endswith("\n\n")


def test_an_error_exits_1(run: Run, save: Save) -> None:
    result = run("analyze", save(REFUSED), *PHONE)
    assert result.exit_code == 1
    assert result.stdout.startswith("DOES NOT FIT")


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), 0),
        (("--fail-on", "error"), 0),
        (("--fail-on", "warning"), 1),
        (("--fail-on", "note"), 1),
        (("--fail-on", "never"), 0),
        (("--strict",), 4),
        (("--strict", "--fail-on", "warning"), 1),
        (("--dim", "N=1", "--strict", "--fail-on", "warning"), 0),
        (("--input", "x=1x8x16x16", "--strict"), 0),
    ],
)
def test_what_fails_is_chosen(run: Run, save: Save, args: tuple[str, ...], code: int) -> None:
    assert run("analyze", save(OPEN), *PHONE, *args).exit_code == code


@pytest.mark.parametrize(
    ("budget", "code"),
    [
        ("memory=1MB", 0),
        ("memory=1kB", 1),
        ("memory=1kB,size=1GB", 1),
        ("size=0", 0),
        ("memory=1GiB,size=40MB", 0),
    ],
)
def test_a_budget_exceeded_exits_1(run: Run, save: Save, budget: str, code: int) -> None:
    result = run("analyze", save(), *PHONE, "--budget", budget)
    assert result.exit_code == code
    assert ("EP201 error" in result.stdout) == (code == 1)
    assert ("(your budget)" in result.stdout) == budget.startswith("memory")


def test_never_failing_overrides_a_budget(run: Run, save: Save) -> None:
    assert run("analyze", save(), *PHONE, "--budget", "memory=1kB", "--fail-on", "never").exit_code == 0


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "Missing option '--target'"),
        (("--target", "iphone14por"), "no device 'iphone14por'; did you mean iphone14pro"),
        (("--target", "iphone14pro", "--backend", "tensorrt"), "iPhone 14 Pro has no backend 'tensorrt'"),
        (("--target", "iphone14pro", "--release", "99"), "Core ML has no release '99'"),
        (("--target", "iphone14pro", "--use", "dla"), "Core ML has no unit 'dla'"),
        ((*PHONE, "--dim", "N"), "'N' is not NAME=N"),
        ((*PHONE, "--dim", "N=x"), "'x' is not a size"),
        ((*PHONE, "--dim", "N=99999999999999"), "is not a size"),
        ((*PHONE, "--dim", "M=4"), "M"),
        ((*PHONE, "--input", "x=1x-1"), "'-1' is not a size"),
        ((*PHONE, "--input", "z=1"), "z"),
        ((*PHONE, "--value", "x"), "'x' is not NAME=VALUE"),
        ((*PHONE, "--value", "x=high"), "could not convert"),
        ((*PHONE, "--value", "z=1"), "z"),
        ((*PHONE, "--budget", "time=1"), "'time=1' is not memory=SIZE, size=SIZE or latency=TIME"),
        ((*PHONE, "--budget", "latency=5"), "not a time: '5'"),
        ((*PHONE, "--assume", "w3"), "no scheme 'w3'"),
        ((*PHONE, "--budget", "memory=much"), "not a size: 'much'"),
        ((*PHONE, "--fail-on", "sometimes"), "'sometimes' is not one of"),
    ],
)
def test_wrong_usage_exits_2_and_says_why(run: Run, save: Save, args: tuple[str, ...], told: str) -> None:
    result = run("analyze", save(OPEN), *args)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "the file is empty"), (b"not a model", "not an ONNX model"), (None, "No such file or directory")],
)
def test_an_unreadable_model_exits_3_with_one_line(run: Run, tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "broken.onnx"
    if content is not None:
        path.write_bytes(content)
    result = run("analyze", path, *PHONE)
    assert result.exit_code == 3
    assert result.stderr.startswith("edgeplan: broken.onnx: ")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_folder_is_no_model(run: Run, tmp_path: Path) -> None:
    assert run("analyze", tmp_path, *PHONE).exit_code == 3


def test_json_is_all_there_is_on_stdout(run: Run, save: Save) -> None:
    result = run("analyze", save(), *PHONE, "--format", "json")
    assert result.stderr == ""
    plan = json.loads(result.stdout)
    assert (plan["outcome"], plan["schema_version"]) == ("fits", 1)
    assert plan["model"]["name"] == "model.onnx"


def test_the_report_goes_to_a_file_when_asked(run: Run, save: Save, tmp_path: Path) -> None:
    result = run("analyze", save(), *PHONE, "-o", tmp_path / "report.txt")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "report.txt").read_text("utf-8").startswith("FITS   iPhone 14 Pro")
    assert run("analyze", save(), *PHONE, "-o", "-").stdout.startswith("FITS")


def test_the_exit_code_is_the_same_with_a_file(run: Run, save: Save, tmp_path: Path) -> None:
    assert run("analyze", save(REFUSED), *PHONE, "-o", tmp_path / "report.txt").exit_code == 1


@pytest.mark.parametrize("through", ["itself", "a link"])
def test_a_report_never_overwrites_the_model(run: Run, save: Save, tmp_path: Path, through: str) -> None:
    model = save()
    before = model.read_bytes()
    output = model
    if through == "a link":
        output = tmp_path / "link.txt"
        output.symlink_to(model)
    result = run("analyze", model, *PHONE, "-o", output)
    assert result.exit_code == 2
    assert "a report never overwrites its input" in " ".join(result.stderr.split())
    assert model.read_bytes() == before


def test_an_output_that_cannot_be_written_exits_2(run: Run, save: Save, tmp_path: Path) -> None:
    result = run("analyze", save(), *PHONE, "-o", tmp_path / "no" / "report.txt")
    assert result.exit_code == 2
    assert "cannot write" in result.stderr


def test_all_names_every_op_and_its_sources(run: Run, save: Save) -> None:
    short = run("analyze", save(REFUSED), *PHONE).stdout
    long = run("analyze", save(REFUSED), *PHONE, "--all").stdout
    assert "https://" not in short
    assert "https://" in long


def test_another_backend_and_precision_are_taken(run: Run, save: Save) -> None:
    result = run("analyze", save(), "-t", "iphone14pro", "-b", "tflite", "--format", "json", "--fail-on", "never")
    assert json.loads(result.stdout)["target"]["backend"] == "tflite"
    result = run("analyze", save(), *PHONE, "--precision", "float32", "--format", "json", "--fail-on", "never")
    plan = json.loads(result.stdout)
    assert plan["target"]["precision"] == "float32"
    assert {op["unit"] for op in plan["ops"]} == {"cpu"}


def test_a_scalar_input_can_be_fixed(run: Run, save: Save) -> None:
    model = save("g (int64 n, float[1] x) => (y) <int64[1] a = {0}> { s = Unsqueeze (n, a) y = Expand (x, s) }")
    assert run("analyze", model, *PHONE, "--strict", "--fail-on", "never").exit_code == 4
    assert run("analyze", model, *PHONE, "--strict", "--fail-on", "never", "--value", "n=4").exit_code == 0


def test_hostile_names_are_escaped_everywhere(run: Run, save: Save, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(save(REFUSED))
    model.graph.node[0].name = "\x1b[2Jgone\u202e"
    path = tmp_path / "evil\x1b[2J.onnx"
    onnx.save(model, path)
    result = run("analyze", path, *PHONE, "--all")
    assert "\x1b" not in result.stdout + result.stderr
    assert "\u202e" not in result.stdout
    assert "\\x1b[2Jgone\\u202e" in result.stdout
    path.write_bytes(b"junk")
    assert "\x1b" not in run("analyze", path, *PHONE).stderr


def command(*args: object) -> list[str]:
    return [sys.executable, "-m", "edgeplan", *map(str, args)]


def test_the_program_runs_as_a_process(save: Save) -> None:
    env = {**os.environ, "COLUMNS": "70"}
    done = subprocess.run(command("analyze", save(), *PHONE), capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("FITS   iPhone 14 Pro")
    assert max(map(len, done.stdout.split("\n"))) <= 70
    assert "\x1b" not in done.stdout


def test_a_closed_pipe_ends_it_quietly(save: Save) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(command("devices"), stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (141, "")


IMAGE = "g (float[1,3,64,64] x) => (float[?,?,?,?] y) { a = Relu (x) y = Neg (a) }"


def test_a_sweep_names_the_largest_size_that_fits(run: Run, save: Save) -> None:
    result = run("analyze", save(IMAGE), *PHONE, "--sweep", "H=64..512", "--budget", "memory=2MiB")
    assert result.exit_code == 0
    largest = int(result.stdout.partition(" ")[0].removeprefix("H="))
    rows = [line.split() for line in result.stdout.splitlines() if "float32[1, 3, " in line]
    fitting = [int(row[0]) for row in rows if row[-1] == "fits" and row[-2] != "not"]
    assert largest == max(fitting)
    assert 64 < largest < 512
    assert f"[1, 3, {largest}, {largest}]" in result.stdout


def test_a_sweep_in_which_nothing_fits_exits_1(run: Run, save: Save) -> None:
    result = run("analyze", save(IMAGE), *PHONE, "--sweep", "N=1..8", "--budget", "memory=1kB")
    assert result.exit_code == 1
    assert result.stdout.startswith("NO N FITS")


def test_a_sweep_as_json(run: Run, save: Save) -> None:
    result = run("analyze", save(IMAGE), *PHONE, "--sweep", "N=1..8", "--format", "json")
    assert json.loads(result.stdout)["largest"] == 8


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("H", "is not NAME=FIRST..LAST"),
        ("H=9..3", "ascend"),
        ("H=0..3", "start at 1"),
        ("H=1..9:0", "step of at least 1"),
        ("Q=1..9", "'Q' is no size of this model; it has H, W, N, x.AXIS"),
    ],
)
def test_a_sweep_that_means_nothing_is_a_usage_error(run: Run, save: Save, asked: str, words: str) -> None:
    result = run("analyze", save(IMAGE), *PHONE, "--sweep", asked)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_sweep_needs_something_to_hold_the_sizes_against(run: Run, save: Save) -> None:
    result = run("analyze", save(IMAGE), "--target", "iphone17pro", "--sweep", "N=1..8")
    assert result.exit_code == 2
    assert "give one with --budget memory=SIZE" in result.stderr


def test_what_is_not_swept_must_be_bound(run: Run, save: Save) -> None:
    result = run("analyze", save(OPEN.replace("16,16", "h,w")), *PHONE, "--sweep", "h=16..32")
    assert result.exit_code == 2
    assert "'h' leaves 'N', 'w' open: add --dim N=SIZE --dim w=SIZE" in result.stderr


@pytest.mark.parametrize(
    "more",
    [("--order", "memory"), ("--exact",), ("--plot", "f.svg"), ("--all",), ("--strict",), ("--budget", "size=1MB")],
)
def test_what_a_sweep_would_leave_out_is_a_usage_error(run: Run, save: Save, more: tuple[str, ...]) -> None:
    result = run("analyze", save(IMAGE), *PHONE, "--sweep", "N=1..8", *more)
    assert result.exit_code == 2
    assert f"--sweep does not go with {more[0]}" in result.stderr


FORK = """g (float[1,1,32,32] x) => (float[1,64,1,1] y) <int64[4] small = {64,1,3,3}, int64[4] large = {64,1,5,5}> {
    w = ConstantOfShape (small) v = ConstantOfShape (large) a = Conv (x, w) b = Conv (x, v)
    p = GlobalAveragePool (a) q = GlobalAveragePool (b) y = Add (p, q)
}"""
"""Two large results, each reduced at once in the better order."""


def test_another_order_of_the_ops_needs_less(run: Run, save: Save) -> None:
    board = ("--target", "raspberry-pi-5-8gb", "--format", "json")
    model = save(FORK)
    file, memory = (json.loads(run("analyze", model, *board, "--order", o).stdout) for o in ("file", "memory"))
    assert file["order"] is None
    assert memory["order"]["after"] < memory["order"]["before"]
    assert memory["order"]["ops"] == [op["name"] for op in memory["ops"]] != [op["name"] for op in file["ops"]]
    assert sorted(memory["order"]["ops"]) == sorted(op["name"] for op in file["ops"])
    assert memory["memory"]["timeline"]["peak"] < file["memory"]["timeline"]["peak"]


def test_the_new_order_is_reported(run: Run, save: Save) -> None:
    board = ("--target", "raspberry-pi-5-8gb", "--order", "memory")
    assert " ops moved, " in run("analyze", save(FORK), *board).stdout
    assert "no order with a lower peak found" in run("analyze", save(), *board).stdout


def test_what_would_lower_the_memory_is_said_when_it_is_short_or_asked_for(run: Run, save: Save) -> None:
    model = save(FORK)
    board = ("--target", "raspberry-pi-5-8gb", "--format", "json")
    assert json.loads(run("analyze", model, *board).stdout)["relief"] == []
    for more in (("--all",), ("--budget", "memory=1kB")):
        assert "order" in [way["name"] for way in json.loads(run("analyze", model, *board, *more).stdout)["relief"]]
    assert "  lower " in run("analyze", model, "--target", "raspberry-pi-5-8gb", "--all").stdout


def test_a_solver_is_asked_for_a_smaller_arena(run: Run, save: Save) -> None:
    words = run("analyze", save(FORK), "--target", "raspberry-pi-5-8gb", "--exact").stdout.partition("  exact  ")[2]
    assert words.lstrip().startswith("activations ")
    assert "no plan takes less" in words.partition("\n")[0]
    assert "  exact  " not in run("analyze", save(FORK), "--target", "raspberry-pi-5-8gb").stdout


def test_a_plot_is_written_beside_the_report(run: Run, save: Save, tmp_path: Path) -> None:
    plot = tmp_path / "memory.svg"
    result = run("analyze", save(), *PHONE, "--plot", plot)
    assert result.exit_code == 0
    assert result.stdout.startswith("FITS")
    assert plot.read_text("utf-8").startswith("<svg ")


def test_a_plot_never_overwrites_the_model(run: Run, save: Save) -> None:
    model = save()
    before = model.read_bytes()
    assert run("analyze", model, *PHONE, "--plot", model).exit_code == 2
    assert model.read_bytes() == before


def test_places_that_cannot_hold_a_report_are_refused_before_the_analysis(
    run: Run, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeplan import api

    model, both = save(), tmp_path / "both"
    monkeypatch.setattr(api, "analyze", lambda *_, **__: pytest.fail("the model was analysed"))
    for places, words in (
        (("--plot", "-"), "two reports cannot both go to stdout"),
        (("--plot", both, "-o", both), f"two reports cannot both go to {both}"),
        (("--plot", tmp_path), "it is a folder"),
        (("-o", tmp_path / "none" / "x"), "no such folder"),
        (("--plot", model), "never overwrites its input"),
    ):
        result = run("analyze", model, *PHONE, *places)
        assert result.exit_code == 2
        assert words in result.stderr


def test_a_plot_may_go_to_stdout_when_the_report_does_not(run: Run, save: Save, tmp_path: Path) -> None:
    result = run("analyze", save(), *PHONE, "--plot", "-", "-o", tmp_path / "report.txt")
    assert result.stdout.startswith("<svg ")
