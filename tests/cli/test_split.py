from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import onnx
import pytest
from click.testing import Result

from edgeplan.cli.values import NETWORKS
from edgeplan.report.json import fleet_schema, split_schema
from tests.surgery import harness

Run = Callable[..., Result]
Save = Callable[..., Path]
ENDS = ("--target", "jetson-nano", "--cloud", "jetson-agx-orin-64gb")
LINK = ("--network", "up=20:50:100,down=100,rtt=5")
FAST = ("--network", "up=20000,rtt=0.01")
MODEL = """g (float[1,3,64,64] x, float[8,3,3,3] w, float[16,8,3,3] v, float[16,10] u) => (float[1,10] y) {
    [stem] a = Conv <strides = [4,4], pads = [1,1,1,1]> (x, w) [act] b = Relu (a)
    [body] c = Conv <strides = [2,2], pads = [1,1,1,1]> (b, v) [pool] d = GlobalAveragePool (c) [flat] e = Flatten (d)
    [head] y = MatMul (e, u)
}"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A small trained network: two convolutions, a pool, and a product."""
    onnx.save(harness.model(MODEL, ("w", "v", "u")), tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def joined(text: str) -> str:
    return " ".join(text.split())


def test_the_verdict_stands_first_and_the_ways_side_by_side(run: Run, model: Path) -> None:
    result = run("split", model, *ENDS, *LINK)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    first = result.stdout.splitlines()[0]
    assert first == "KEEP IT ON THE DEVICE   Jetson Nano 4GB, TensorRT (8.2)"
    assert "  cloud    Jetson AGX Orin 64GB (TensorRT" in result.stdout
    assert "* device only" in result.stdout
    assert "cloud only" in result.stdout
    assert "cut after" in result.stdout


def test_json_follows_its_schema(run: Run, model: Path) -> None:
    result = run("split", model, *ENDS, *LINK, "--format", "json")
    said = json.loads(result.stdout)
    jsonschema.validate(said, split_schema(), jsonschema.Draft202012Validator)
    assert [c["way"]["kind"] for c in said["choices"]][:2] == ["device", "cloud"]
    assert said["files"] is None


def test_a_matrix_has_a_row_for_each_target_and_a_column_for_each_network(run: Run, model: Path) -> None:
    where = ("--targets", "jetson-nano,pixel6", "--cloud", "jetson-agx-orin-64gb")
    result = run("split", model, *where, "--networks", "wifi; lte,rtt=20; up=5,rtt=9")
    assert result.exit_code == 0, result.output
    assert "DEVICE ONLY" in result.stdout.splitlines()[0]
    for word in ("Jetson Nano 4GB", "Pixel 6", "wifi", "lte,rtt=20", "up=5,rtt=9"):
        assert word in result.stdout
    said = json.loads(run("split", model, *where, "--networks", "wifi,lte", "--format", "json").stdout)
    jsonschema.validate(said, fleet_schema(), jsonschema.Draft202012Validator)
    assert [len(row) for row in said["plans"]] == [2, 2]


def test_two_models_are_written_and_held_against_the_whole(run: Run, model: Path, tmp_path: Path) -> None:
    before = model.read_bytes()
    out = tmp_path / "out"
    result = run("split", model, *ENDS, *LINK, "--keep-raw-input-on-device", "--objective", "latency", "-o", out)
    assert result.exit_code == 0, result.output
    assert "every bit of the whole model's outputs" in joined(result.stdout)
    assert "written:" in result.stdout
    assert (out / "manifest.json").is_file()
    assert model.read_bytes() == before


def test_a_split_is_written_where_one_is_asked_for(run: Run, model: Path, tmp_path: Path) -> None:
    result = run("split", model, *ENDS, *LINK, "--way", "split", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].endswith("as asked")
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"manifest.json", "model.cloud.onnx", "model.device.onnx"}


def test_the_schema_holds_with_the_files_too(run: Run, model: Path, tmp_path: Path) -> None:
    result = run("split", model, *ENDS, *FAST, "-o", tmp_path / "out", "--format", "json", "--no-verify")
    said = json.loads(result.stdout)
    jsonschema.validate(said, split_schema(), jsonschema.Draft202012Validator)
    assert said["files"]["written"]


def test_the_drawing_is_written(run: Run, model: Path, tmp_path: Path) -> None:
    result = run("split", model, *ENDS, *LINK, "--plot", tmp_path / "p.svg")
    assert result.exit_code == 0, result.output
    assert ElementTree.parse(tmp_path / "p.svg").getroot().tag.endswith("svg")


def test_a_trace_is_run_over(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("time_s,up_mbps,rtt_ms\n0,50,5\n1,0,5\n2,50,5\n", "utf-8")
    result = run("split", model, *ENDS, *LINK, "--trace", tmp_path / "t.csv", "--every", "100ms", "--timeout", "200ms")
    assert result.exit_code == 0, result.output
    assert "over the trace" in result.stdout
    assert "with hindsight" in result.stdout


def test_a_broken_trace_exits_2_with_its_line(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("time_s,up_mbps\n0,50\n1,fast\n", "utf-8")
    result = run("split", model, *ENDS, *LINK, "--trace", tmp_path / "t.csv")
    assert result.exit_code == 2
    assert "line 3" in joined(result.stderr)


def test_a_latency_budget_that_nothing_keeps_exits_1(run: Run, model: Path) -> None:
    assert run("split", model, *ENDS, *LINK, "--budget", "latency=1us").exit_code == 1
    assert run("split", model, *ENDS, *LINK, "--budget", "latency=10s").exit_code == 0


def test_constraints_that_allow_nothing_exit_1(run: Run, model: Path) -> None:
    result = run("split", model, *ENDS, *LINK, "--keep-raw-input-on-device", "--memory", "1kB")
    assert result.exit_code == 1, result.output
    assert result.stdout.startswith("NO WAY IS ALLOWED")
    assert "EP702" in result.stdout


def test_a_way_that_is_asked_for_and_not_allowed_exits_1(run: Run, model: Path, tmp_path: Path) -> None:
    asked = ("--way", "cloud", "--keep-raw-input-on-device", "-o", tmp_path / "out")
    result = run("split", model, *ENDS, *LINK, *asked)
    assert result.exit_code == 1, result.output
    assert result.stdout.startswith("CLOUD ONLY IS NOT ALLOWED")
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_where_nothing_is_allowed(run: Run, model: Path, tmp_path: Path) -> None:
    bounds = ("--keep-raw-input-on-device", "--memory", "1kB")
    result = run("split", model, *ENDS, *LINK, *bounds, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert not (tmp_path / "out").exists()


def test_the_raw_input_does_not_leave(run: Run, model: Path) -> None:
    free, kept = (
        json.loads(run("split", model, *ENDS, *FAST, *more, "--format", "json").stdout)
        for more in ((), ("--keep-raw-input-on-device",))
    )
    assert not free["choices"][1]["refused"]
    assert kept["choices"][1]["refused"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((*ENDS,), "Missing option '--network'"),
        ((*LINK, "--cloud", "server-t4"), "Missing option '--target'"),
        ((*ENDS, "--network", "lte-2071"), "did you mean lte-2017"),
        ((*ENDS, "--network", "up=fast"), "up is a number"),
        (("-t", "jetson-nano", "--cloud", "server-t44", *LINK), "server-t4"),
        (("-t", "jetson-nan", "--cloud", "server-t4", *LINK), "did you mean jetson-nano"),
        ((*ENDS, *LINK, "--targets", "pixel6"), "name them in one of the two"),
        ((*ENDS, *LINK, "--networks", "wifi"), "name them in one of the two"),
        ((*ENDS, "--networks", "wifi,,lte"), "names with commas"),
        ((*ENDS, "--networks", "wifi,wifi"), "each once"),
        ((*ENDS, "--networks", "wifi,lte", "-o", "out"), "-o does not go with --targets and --networks"),
        ((*ENDS, "--networks", "wifi", "--plot", "a.svg", "--all"), "--plot, --all do not go with"),
        ((*ENDS, *LINK, "--no-verify"), "--no-verify means nothing without -o"),
        ((*ENDS, *LINK, "--every", "1s"), "--every means nothing without --trace"),
        ((*ENDS, *LINK, "--outage", "0.1"), "--outage needs a --timeout"),
        ((*ENDS, *LINK, "--timeout", "1s"), "--timeout goes with --outage or --trace"),
        ((*ENDS, *LINK, "--outage", "1.5", "--timeout", "1s"), "1.5"),
        ((*ENDS, *LINK, "--budget", "memory=1MB"), "--memory bounds what the device's part takes"),
        ((*ENDS, *LINK, "--private-until", "nothing"), "no op 'nothing'"),
        ((*ENDS, *LINK, "--min-depth", "99"), "99"),
        ((*ENDS, *LINK, "--input-bytes", "x"), "'x' is not NAME=SIZE"),
        ((*ENDS, *LINK, "--input-bytes", "z=1kB"), "no input 'z'"),
        ((*ENDS, *LINK, "--dim", "N=1"), "N"),
        ((*ENDS, *LINK, "--objective", "speed"), "speed"),
        ((*ENDS, *LINK, "--trace", "nowhere.csv"), "nowhere.csv"),
        ((*ENDS, *LINK, "-o", "here", "--plot", "here"), "-o and --plot are one place"),
    ],
)
def test_what_does_not_fit_exits_2_in_one_line(run: Run, model: Path, options: tuple[str, ...], said: str) -> None:
    result = run("split", model, *options)
    assert result.exit_code == 2, result.output
    assert said in joined(result.stderr)


def test_without_the_solver_the_extra_is_named(run: Run, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("split", model, *ENDS, *LINK)
    assert result.exit_code == 2
    assert "pip install 'edgeplan[split]'" in joined(result.stderr)


def test_a_model_that_cannot_be_read_exits_3(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\xff" * 40)
    result = run("split", broken, *ENDS, *LINK)
    assert result.exit_code == 3
    (line,) = result.stderr.splitlines()
    assert line.startswith("edgeplan: broken.onnx: ")


def test_a_cloud_of_a_file_may_not_take_the_model(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('device = "server-t4"\n', "utf-8")
    sample = Path(__file__).parents[2] / "samples" / "hey_jarvis.tflite"
    result = run("split", sample, "-t", "pixel6", "--cloud", tmp_path / "mine.toml", *LINK)
    assert result.exit_code == 2, result.output
    assert "ONNX Runtime does not take a .tflite model" in joined(result.stderr)


def test_an_open_dimension_has_to_be_bound(run: Run, save: Save) -> None:
    path = save("g (float[N,8,16,16] x) => (float[N,8,16,16] y) { y = Relu (x) }")
    result = run("split", path, *ENDS, *LINK)
    assert result.exit_code == 2
    assert "--dim N=SIZE" in joined(result.stderr)


def test_a_folder_with_other_files_is_not_written_to(run: Run, model: Path) -> None:
    result = run("split", model, *ENDS, *FAST, "-o", model.parent)
    assert result.exit_code == 2
    assert "holds" in joined(result.stderr)


def test_the_command_to_write_the_models_repeats_what_was_asked(run: Run, model: Path) -> None:
    more = ("--keep-raw-input-on-device", "--encode", "fp16", "--outage", "0.01", "--timeout", "1s")
    result = run("split", model, *ENDS, "-n", "up=100000,rtt=0.001", *more, "--memory", "2GB")
    if "next: edgeplan split" in result.stdout:
        said = joined(result.stdout.partition("next: ")[2])
        for words in (
            "-t jetson-nano",
            "--keep-raw-input-on-device",
            "--encode fp16",
            "--outage 0.01 --timeout 1000ms",
        ):
            assert words in said


def test_a_network_without_a_round_trip_is_asked_for_one(run: Run, model: Path) -> None:
    result = run("split", model, *ENDS, "-n", "lte-2017")
    assert result.exit_code == 2
    assert "lte-2017,rtt=50" in joined(result.stderr)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("wifi,lte", ("wifi", "lte")),
        ("wifi,lte,rtt=20,loss=0.01", ("wifi", "lte,rtt=20,loss=0.01")),
        ("up=5,rtt=9", ("up=5,rtt=9",)),
        ("up=5,rtt=9; up=7,rtt=9;wifi", ("up=5,rtt=9", "up=7,rtt=9", "wifi")),
    ],
)
def test_networks_are_told_apart(said: str, names: tuple[str, ...]) -> None:
    assert NETWORKS.convert(said, None, None) == names
