from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import onnx
import pytest
from click.testing import Result

from edgeplan.report.json import compressing_schema, compression_schema
from tests.surgery import harness

Run = Callable[..., Result]
Save = Callable[..., Path]
PHONE = ("--target", "iphone14pro", "--release", "17")
BOARD = ("--target", "jetson-orin-nano")
MODEL = """g (float[1,16,8,8] x, float[32,16,3,3] w, float[32,10] v) => (float[1,10] y) {
    [conv] a = Conv <pads = [1,1,1,1]> (x, w) b = Relu (a) c = GlobalAveragePool (b) d = Flatten (c)
    [head] y = MatMul (d, v)
}"""
BLANK = """g (float[1,16,8,8] x) => (float[1,32,8,8] y) <int64[4] s = {32,16,3,3}> {
    w = ConstantOfShape (s) y = Conv <pads = [1,1,1,1]> (x, w)
}"""
OPEN = "g (float[N,8,16,16] x) => (float[N,8,16,16] y) { y = Relu (x) }"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A trained model of two layers, the second too small for coremltools to compress."""
    onnx.save(harness.model(MODEL, ("w", "v")), tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def joined(text: str) -> str:
    return " ".join(text.split())


def test_the_table_says_what_pays_first(run: Run, model: Path) -> None:
    result = run("compress", model, *PHONE)
    assert result.exit_code == 0
    assert result.stderr == ""
    first, second, *rest = result.stdout.splitlines()
    assert first.startswith("SMALLER")
    assert first.endswith("iPhone 14 Pro, Core ML (iOS 17)")
    assert second.startswith("  model.onnx ")
    assert any(line.split()[0] == "palette6" for line in rest if line.strip())
    assert "skipped by" in result.stdout
    assert "edgeplan compress model.onnx -t iphone14pro -b coreml --release 17 --scheme" in joined(result.stdout)


def test_json_follows_its_schema(run: Run, model: Path) -> None:
    result = run("compress", model, *PHONE, "--format", "json")
    said = json.loads(result.stdout)
    jsonschema.validate(said, compression_schema(), jsonschema.Draft202012Validator)
    by = {c["scheme"]: c for c in said["choices"]}
    assert by["w8"]["layers"] == 1
    assert [s["layer"]["op"] for s in by["w8"]["skipped"]]
    assert by["w8"]["error"]["worst_layer"] == "w"
    assert by["w4"]["verdict"] == "cannot"
    assert said["choices"][said["reference"]]["scheme"] == "fp16"


def test_all_shows_every_scheme_and_why_some_are_not_taken(run: Run, model: Path) -> None:
    brief, whole = (run("compress", model, *PHONE, *more).stdout for more in ((), ("--all",)))
    assert "schemes more with --all" in brief
    assert "not taken" not in brief
    assert "not taken" in whole
    assert "opt-whats-new (vendor-doc)" in whole
    assert "sparse90" in whole


def test_schemes_that_are_asked_for_are_shown_alone(run: Run, model: Path) -> None:
    result = run("compress", model, *PHONE, "--scheme", "palette4", "--scheme", "w4")
    assert result.exit_code == 0
    assert "palette4" in result.stdout
    assert "not taken w4: " in joined(result.stdout)
    assert "palette6" not in result.stdout


def test_an_unknown_scheme_exits_2(run: Run, model: Path) -> None:
    result = run("compress", model, *PHONE, "--scheme", "w5")
    assert result.exit_code == 2
    assert "no scheme 'w5'" in result.stderr


def test_weights_are_read_only_where_their_errors_are_wanted(run: Run, model: Path) -> None:
    assert "SNR dB" in run("compress", model, *PHONE).stdout
    assert "SNR dB" not in run("compress", model, *PHONE, "--no-errors").stdout


def test_untrained_weights_have_no_errors_and_that_is_said(run: Run, save: Save) -> None:
    result = run("compress", save(BLANK), *PHONE)
    assert result.exit_code == 0
    assert "what a scheme costs them is not known" in joined(result.stdout)
    assert "SNR dB" not in result.stdout


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (("--budget", "size=1kB"), "to download, the budget is 1000 B"),
        (("--budget", "memory=1kB"), "of memory, the budget is 1000 B"),
        (("--budget", "latency=1us"), "the budget is 1.00 us"),
        (("--min-snr", "200"), "the weights of 'w' keep"),
    ],
)
def test_bounds_that_nothing_keeps_exit_1_and_say_what_stands_in_the_way(
    run: Run, model: Path, bound: tuple[str, ...], said: str
) -> None:
    result = run("compress", model, *PHONE, "--scheme", "w8", "--scheme", "fp16", *bound)
    assert result.exit_code == 1
    assert result.stdout.startswith("NO SCHEME KEEPS THE BOUNDS")
    assert said in joined(result.stdout)


def test_bounds_that_something_keeps_exit_0(run: Run, model: Path) -> None:
    assert run("compress", model, *PHONE, "--budget", "size=100kB", "--min-snr", "20").exit_code == 0


def test_a_layer_is_kept_and_one_that_is_not_there_exits_2(run: Run, model: Path) -> None:
    kept = run("compress", model, *PHONE, "--keep", "conv", "--scheme", "w8")
    assert "it applies to no layer" in joined(kept.stdout)
    missing = run("compress", model, *PHONE, "--keep", "tail")
    assert missing.exit_code == 2
    assert "no layer 'tail'" in missing.stderr


def test_a_model_that_cannot_be_read_exits_3(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\xff" * 40)
    result = run("compress", broken, *PHONE)
    assert result.exit_code == 3
    (line,) = result.stderr.splitlines()
    assert line.startswith("edgeplan: broken.onnx: ")


def test_a_model_without_weights_has_nothing_to_compress(run: Run, save: Save) -> None:
    result = run("compress", save(OPEN), *PHONE)
    assert result.exit_code == 0
    assert result.stdout.startswith("NOTHING TO COMPRESS")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--min-snr", "nan"), "--min-snr"),
        (("--scheme", "sparse50-sparse50-w8"), "no scheme"),
        (("--scheme", "w4-block" + "9" * 5000), "no scheme"),
        (("-o", "out.onnx"), "say by which scheme"),
        (("-o", "out.onnx", "--scheme", "w8", "--scheme", "w4"), "say by which scheme"),
        (("--calibration", "."), "go with --scheme NAME -o OUT"),
    ],
)
def test_options_that_do_not_go_together_exit_2(run: Run, model: Path, options: tuple[str, ...], said: str) -> None:
    result = run("compress", model, *PHONE, *options)
    assert result.exit_code == 2
    assert said in joined(result.stderr)


def test_a_scheme_is_applied_run_and_planned_again(run: Run, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.onnx"
    before = model.read_bytes()
    result = run("compress", model, *BOARD, "--scheme", "w8", "-o", out)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("COMPRESSED   Jetson Orin Nano")
    assert "2 of 2 layers, their weights keep" in result.stdout
    assert "its outputs keep" in result.stdout
    assert "before" in result.stdout
    assert out.stat().st_size < 0.5 * len(before)
    assert model.read_bytes() == before


def test_the_outcome_as_json_follows_its_schema(run: Run, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.onnx"
    result = run("compress", model, *BOARD, "--scheme", "w8a8", "-o", out, "--format", "json")
    said = json.loads(result.stdout)
    jsonschema.validate(said, compressing_schema(), jsonschema.Draft202012Validator)
    assert said["outcome"]["written"] == [str(out)]
    assert len(said["plans"]) == 2


@pytest.mark.parametrize(
    ("bound", "said"),
    [(("--budget", "size=1kB"), "the budget is 1000 B"), (("--min-snr", "300"), "300 dB are not reached")],
)
def test_nothing_is_written_where_a_bound_is_not_kept(
    run: Run, model: Path, tmp_path: Path, bound: tuple[str, ...], said: str
) -> None:
    result = run("compress", model, *BOARD, "--scheme", "w8", "-o", tmp_path / "small.onnx", *bound)
    assert result.exit_code == 1
    assert result.stdout.startswith("NOT COMPRESSED")
    assert said in joined(result.stdout)
    assert "nothing written" in result.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]


def test_layers_stay_wide_for_the_snr_that_is_wanted(run: Run, model: Path, tmp_path: Path) -> None:
    result = run("compress", model, *BOARD, "--scheme", "w4", "-o", tmp_path / "small.onnx", "--min-snr", "20")
    assert result.exit_code == 0, result.output
    assert "20 dB wanted" in joined(result.stdout)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--scheme", "palette4", "-o", "out.onnx"), "does not take palette4"),
        (("--scheme", "w8", "-o", "out.tflite"), "can be made, not out.tflite"),
        (("--scheme", "w8", "-o", "no/such/out.onnx"), "no such folder"),
        (("--scheme", "w8", "-o", "out.onnx", "--keep", "tail"), "no layer is called 'tail'"),
    ],
)
def test_what_cannot_be_done_exits_2_and_writes_nothing(
    run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("compress", model, *BOARD, *options)
    assert result.exit_code == 2
    assert said in joined(result.stderr)
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]


def test_the_model_itself_is_never_overwritten(run: Run, model: Path) -> None:
    before = model.read_bytes()
    result = run("compress", model, *BOARD, "--scheme", "w8", "-o", model)
    assert result.exit_code == 2
    assert model.read_bytes() == before


def test_small_weights_beside_the_file_are_compressed_at_a_newer_opset(run: Run, model: Path, tmp_path: Path) -> None:
    onnx.save(onnx.load(model), model, save_as_external_data=True, location="model.bin", size_threshold=0)
    result = run("compress", model, *BOARD, "--scheme", "w4", "-o", tmp_path / "small.onnx")
    assert result.exit_code == 0, result.output
    assert "raised from opset" in joined(result.stdout)


def test_weights_that_are_no_numbers_make_no_noise(run: Run, model: Path, tmp_path: Path) -> None:
    made = onnx.load(model)
    made.graph.initializer[0].raw_data = b"\0\0\x80\x7f\0\0\xc0\x7f" * (len(made.graph.initializer[0].raw_data) // 8)
    onnx.save(made, model)
    for more in ((), ("--scheme", "w8", "-o", tmp_path / "small.onnx")):
        assert run("compress", model, *BOARD, *more).stderr == ""


def test_a_place_where_nothing_can_be_written_exits_2(run: Run, model: Path) -> None:
    result = run("compress", model, *BOARD, "--scheme", "w8", "-o", "/proc/small.onnx")
    assert result.exit_code == 2
    assert "cannot write" in joined(result.stderr)
