"""Time on the command line: its budget, an assumed precision, and `edgeplan explain latency`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
from click.testing import Result

from edgeplan.cli.values import BUDGET, Limits
from edgeplan.cost.speeds import SpeedFile

Run = Callable[..., Result]
Save = Callable[..., Path]
PHONE = ("--target", "iphone14pro", "--release", "17")
OPEN = "g (float[N,8,16,16] x) => (float[N,8,16,16] y) { y = Relu (x) }"


@pytest.fixture
def timed(put_speeds: Callable[..., None]) -> None:
    """A Neural Engine that takes 1 ms for any run, 0.8 to 1.25 ms."""
    figures: Mapping[str, object] = {
        "unit": ["ane"], "precision": ["float16"], "chips": ["a16"], "launch": {"*": 0.001}, "gmacs": {"*": 1e6},
        "gbytes": {"*": 1e6, "weights": 1e6}, "floor": 1000, "spread": [0.8, 1.25], "source": {"hollance": "timed"},
        "fit": {"table": "t", "script": "s", "models": 2, "rows": 2, "error": 0.1, "rank": 0.9, "covered": 0.8},
    }  # fmt: skip
    put_speeds(msgspec.convert({"speed": [figures]}, SpeedFile), "coreml")


@pytest.mark.usefixtures("timed")
@pytest.mark.parametrize(
    ("budget", "code", "exit_code"),
    [("2ms", "", 0), ("1.2 ms", "EP302", 0), ("1100us", "EP302", 0), ("0.0009s", "EP301", 1)],
)
def test_a_budget_of_time_exceeded_exits_1(run: Run, save: Save, budget: str, code: str, exit_code: int) -> None:
    result = run("analyze", save(), *PHONE, "--budget", f"latency={budget},memory=1GB")
    assert result.exit_code == exit_code
    assert ("EP30" in result.stdout.replace("EP304", "")) == bool(code)
    assert code in result.stdout


def test_a_budget_of_time_does_not_go_with_a_sweep(run: Run, save: Save) -> None:
    result = run("analyze", save(OPEN), *PHONE, "--sweep", "N=1..8", "--budget", "memory=1GB,latency=1ms")
    assert result.exit_code == 2
    assert "--sweep does not go with --budget latency=" in result.stderr


def test_of_two_budgets_of_one_kind_the_later_counts() -> None:
    first = BUDGET.convert("memory=1kB,latency=5ms", None, None)
    later = BUDGET.convert("latency=1s,size=2kB", None, None)
    assert first | later == Limits(memory=1000, size=2000, latency=1.0)


def test_a_scheme_there_is_not_is_a_usage_error_that_says_what_there_is(run: Run, save: Save) -> None:
    result = run("analyze", save(), *PHONE, "--assume", "w5")
    assert result.exit_code == 2
    assert "no scheme 'w5'; there are fp32" in result.stderr.replace("\n", " ")


def test_a_scheme_for_which_the_backend_has_no_form_is_a_usage_error(run: Run, save: Save) -> None:
    result = run("analyze", save(), "-t", "pixel8", "--assume", "palette4")
    assert result.exit_code == 2
    assert "LiteRT has no form of palettes" in result.stderr.replace("\n", " ")


def test_an_assumed_precision_is_planned_and_told(run: Run, save: Save) -> None:
    plain, assumed = (
        json.loads(run("analyze", save(), "-t", "pixel8", *more, "--format", "json").stdout)
        for more in ((), ("--assume", "w8a8"))
    )
    assert (plain["target"]["assume"], assumed["target"]["assume"]) == ("", "w8a8")
    assert assumed["memory"]["timeline"]["peak"] < plain["memory"]["timeline"]["peak"]
    head = run("analyze", save(), "-t", "pixel8", "--assume", "w8a8").stdout.splitlines()[0]
    assert head.endswith("   assumed w8a8")


@pytest.mark.usefixtures("timed")
def test_the_latency_of_a_model_is_explained(run: Run, save: Save) -> None:
    result = run("explain", "latency", save(), *PHONE)
    assert result.exit_code == 0
    assert result.stdout.startswith("1.00 ms (800 us to 1.25 ms)   iPhone 14 Pro, Core ML (iOS 17)\n")
    assert "figures used" in result.stdout


def test_a_latency_that_is_not_known_says_why_and_what_to_bind(run: Run, save: Save) -> None:
    result = run("explain", "latency", save(OPEN), *PHONE)
    assert result.exit_code == 0
    assert result.stdout.startswith("latency not known: ")
    assert result.stdout.endswith("; bind first: --dim N=SIZE\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("latency",), "edgeplan explain latency MODEL --target DEVICE"),
        (("latency", "m.onnx"), "name it by --target DEVICE"),
        (("latency", "m.onnx", "-t", "pixel8", "--op", "a"), "--op does not go with it"),
        (("latency", "m.onnx", "-t", "nix"), "no device 'nix'"),
        (("EP101", "m.onnx"), "one thing is explained at a time"),
    ],
)
def test_wrong_usage_exits_2_and_says_why(run: Run, words: tuple[str, ...], told: str) -> None:
    result = run("explain", *words)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


def test_a_model_that_cannot_be_read_exits_3(run: Run, tmp_path: Path) -> None:
    result = run("explain", "latency", tmp_path / "none.onnx", *PHONE)
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1
