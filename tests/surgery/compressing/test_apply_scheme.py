"""A scheme applied for a target: the tool its kind needs, the limits that are held, the layers kept for an SNR."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import onnx
import pytest

from edgeplan.compression.choice import Bounds
from edgeplan.lower.scheme import Scheme, parse_scheme
from edgeplan.surgery.compressing import making
from edgeplan.surgery.compressing.apply import apply_scheme
from edgeplan.surgery.compressing.outcome import Applied, Compressed, CompressError
from edgeplan.surgery.writing import WriteError
from edgeplan.target import resolve
from tests.surgery import harness

TEXT = """g (float[1,256] x, float[256,256] w, float[256,8] v) => (float[1,8] z) {
    [first] y = MatMul (x, w) [second] z = MatMul (y, v)
}"""
SNR = {"w": 40.0, "v": 25.0}
PHONE = ("iphone14pro", "coreml")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    onnx.save(harness.model(TEXT, ("w", "v")), tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path, frozenset[str]]]:
    """What coremltools and ai-edge-quantizer were asked for; stand-ins write a file, or the folder of a package."""
    found: list[tuple[str, Path, frozenset[str]]] = []

    def tool(name: str) -> Callable[..., Compressed]:
        def make(source: Path, scheme: Scheme, output: Path, *, keep: Collection[str] = (), **_: object) -> Compressed:
            found.append((name, output, frozenset(keep)))
            if output.suffix == ".mlpackage":
                output.mkdir()
                (output / "weight.bin").write_bytes(b"w" * 100)
            else:
                output.write_bytes(source.read_bytes())
            done = tuple(Applied(w, w, "matmul", (8,), scheme.name, snr) for w, snr in SNR.items() if w not in keep)
            return Compressed(source.name, scheme.name, name, (str(output),), 1000, 500, done, (), why="not run")

        return make

    monkeypatch.setattr(making, "compress_package", tool("coremltools"))
    monkeypatch.setattr(making, "compress_tflite", tool("ai-edge-quantizer"))
    return found


def left(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_onnx_to_onnx_is_run_and_planned_again(model: Path, tmp_path: Path) -> None:
    found = apply_scheme(model, resolve("jetson-orin-nano"), parse_scheme("w8"), tmp_path / "out.onnx")
    assert found.written == (str(tmp_path / "out.onnx"),)
    assert found.outcome is not None
    assert found.outcome.runs
    assert found.plans is not None
    before, after = found.plans
    assert after.memory.stored < 0.5 * before.memory.stored
    assert left(tmp_path) == {"model.onnx", "out.onnx"}


def test_packages_are_made_by_coremltools(
    model: Path, tmp_path: Path, asked: list[tuple[str, Path, frozenset[str]]]
) -> None:
    found = apply_scheme(model, resolve(*PHONE), parse_scheme("palette4"), tmp_path / "out.mlpackage", keep=["v"])
    ((name, _, keep),) = asked
    assert (name, keep) == ("coremltools", {"v"})
    assert found.written == (str(tmp_path / "out.mlpackage"),)
    assert (tmp_path / "out.mlpackage" / "weight.bin").is_file()
    assert found.plans is not None
    assert found.plans[1].target.assume == "palette4"


def test_a_package_cannot_be_planned_and_is_made_all_the_same(
    tmp_path: Path, asked: list[tuple[str, Path, frozenset[str]]]
) -> None:
    (tmp_path / "in.mlpackage").mkdir()
    found = apply_scheme(tmp_path / "in.mlpackage", resolve(*PHONE), parse_scheme("w8"), tmp_path / "out.mlpackage")
    assert found.plans is None
    assert found.written
    assert len(asked) == 1


def test_tflite_files_are_made_by_ai_edge_quantizer(
    tmp_path: Path, asked: list[tuple[str, Path, frozenset[str]]]
) -> None:
    sample = Path(__file__).parents[3] / "samples" / "hey_jarvis.tflite"
    found = apply_scheme(sample, resolve("pixel8", "tflite"), parse_scheme("w8"), tmp_path / "out.tflite")
    assert asked[0][0] == "ai-edge-quantizer"
    assert found.plans is not None


def test_layers_whose_weights_keep_too_little_stay_wide(
    model: Path, tmp_path: Path, asked: list[tuple[str, Path, frozenset[str]]]
) -> None:
    found = apply_scheme(model, resolve(*PHONE), parse_scheme("w8"), tmp_path / "out.mlpackage", bounds=Bounds(snr=30))
    assert [keep for _, _, keep in asked] == [frozenset(), {"v"}]
    assert found.mixed is not None
    assert (found.mixed.keep, found.mixed.reached, found.mixed.trials) == (("v",), 40.0, 2)
    assert (tmp_path / "out.mlpackage").is_dir()


def test_one_run_is_enough_where_all_weights_keep_it(
    model: Path, tmp_path: Path, asked: list[tuple[str, Path, frozenset[str]]]
) -> None:
    found = apply_scheme(model, resolve(*PHONE), parse_scheme("w8"), tmp_path / "out.mlpackage", bounds=Bounds(snr=20))
    assert len(asked) == 1
    assert found.mixed is not None
    assert found.mixed.reached == 25.0
    assert found.written == (str(tmp_path / "out.mlpackage"),)
    assert (tmp_path / "out.mlpackage" / "weight.bin").is_file()


def test_nothing_is_written_where_no_layer_keeps_it(
    model: Path, tmp_path: Path, asked: list[tuple[str, Path, frozenset[str]]]
) -> None:
    found = apply_scheme(model, resolve(*PHONE), parse_scheme("w8"), tmp_path / "out.mlpackage", bounds=Bounds(snr=50))
    assert found.written == ()
    assert found.mixed is not None
    assert found.mixed.why == "no layer keeps it: of the best, 'w', the weights keep 40.0 dB"
    assert left(tmp_path) == {"model.onnx"}


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        (Bounds(size=100), "to download, the budget is 100 B"),
        (Bounds(memory=100), "of memory, the budget is 100 B"),
        (Bounds(latency=1e-7), "the budget is 0.10 us"),
    ],
)
def test_nothing_is_written_where_a_budget_is_not_kept(model: Path, tmp_path: Path, bounds: Bounds, said: str) -> None:
    found = apply_scheme(model, resolve("jetson-orin-nano"), parse_scheme("w8"), tmp_path / "out.onnx", bounds=bounds)
    assert found.written == ()
    (over,) = found.over
    assert said in over
    assert left(tmp_path) == {"model.onnx"}


def test_what_a_scheme_costs_on_the_target_is_said(
    model: Path, tmp_path: Path, asked: list[tuple[str, Path, frozenset[str]]]
) -> None:
    old = resolve(*PHONE, "iOS 16")
    found = apply_scheme(model, old, parse_scheme("w8"), tmp_path / "out.mlpackage")
    assert "only the download is smaller" in found.note


@pytest.mark.parametrize(
    ("name", "scheme", "said"),
    [
        ("out.onnx", "palette4", "does not take palette4: "),
        ("out.tflite", "w8", "of model.onnx a .onnx or .mlpackage file can be made, not out.tflite"),
        ("out", "w8", "can be made, not out"),
    ],
)
def test_what_cannot_be_made_is_refused(model: Path, tmp_path: Path, name: str, scheme: str, said: str) -> None:
    with pytest.raises(CompressError, match=said):
        apply_scheme(model, resolve("jetson-orin-nano"), parse_scheme(scheme), tmp_path / name)
    assert left(tmp_path) == {"model.onnx"}


def test_places_where_something_would_be_lost_are_refused(
    model: Path, tmp_path: Path, asked: list[tuple[str, Path, frozenset[str]]]
) -> None:
    (tmp_path / "there.mlpackage").mkdir()
    board, phone, scheme = resolve("jetson-orin-nano"), resolve(*PHONE), parse_scheme("w8")
    for where, place, said in (
        (phone, tmp_path / "there.mlpackage", "is there already"),
        (board, model, "is the model itself"),
        (board, tmp_path / "no" / "out.onnx", "no such folder"),
    ):
        with pytest.raises(WriteError, match=said):
            apply_scheme(model, where, scheme, place)
    assert asked == []


def test_the_file_of_the_weights_is_not_written_over(tmp_path: Path) -> None:
    made = harness.model(TEXT, ("w", "v"))
    onnx.save(made, tmp_path / "model.onnx", save_as_external_data=True, location="out.onnx.data", size_threshold=0)
    before = (tmp_path / "out.onnx.data").read_bytes()
    with pytest.raises(WriteError, match="holds the model's weights"):
        apply_scheme(tmp_path / "model.onnx", resolve("jetson-orin-nano"), parse_scheme("w8"), tmp_path / "out.onnx")
    assert (tmp_path / "out.onnx.data").read_bytes() == before


def test_layers_stay_wide_until_a_metric_holds(model: Path, tmp_path: Path) -> None:
    seen: list[Path] = []

    def worth(path: Path) -> float:
        seen.append(path)
        held = onnx.load(path)
        return float(sum(t.data_type == onnx.TensorProto.FLOAT and len(t.dims) == 2 for t in held.graph.initializer))

    found = apply_scheme(
        model,
        resolve("galaxys24", "qnn"),
        parse_scheme("w8"),
        tmp_path / "o.onnx",
        bounds=Bounds(snr=1.0),
        metric=worth,
    )
    assert found.mixed is not None
    assert len(found.mixed.keep) == 1
    assert found.mixed.reached == 1
    assert found.written
    assert tmp_path / "o.onnx" not in seen


@pytest.mark.parametrize(("least", "kept"), [(0.5, ()), (1.0, ("v",))])
def test_a_package_is_made_again_until_a_metric_holds(
    model: Path, tmp_path: Path, asked: list[tuple[str, Path, frozenset[str]]], least: float, kept: tuple[str, ...]
) -> None:
    found = apply_scheme(
        model, resolve(*PHONE), parse_scheme("w8"), tmp_path / "o.mlpackage", bounds=Bounds(snr=least),
        metric=lambda _: 0.5 + len(asked[-1][2]) / 2,
    )  # fmt: skip
    assert found.mixed is not None
    assert found.mixed.keep == kept
    assert asked[-1][2] == frozenset(kept)
    assert (tmp_path / "o.mlpackage").is_dir()


def test_a_metric_out_of_reach_writes_nothing(
    model: Path, tmp_path: Path, asked: list[tuple[str, Path, frozenset[str]]]
) -> None:
    found = apply_scheme(
        model, resolve(*PHONE), parse_scheme("w8"), tmp_path / "o.mlpackage", bounds=Bounds(snr=2.0), metric=lambda _: 1
    )
    assert found.mixed is not None
    assert found.mixed.why
    assert not found.written
    assert not (tmp_path / "o.mlpackage").exists()
    assert asked
