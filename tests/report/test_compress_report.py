"""How a table of schemes, and a model that was compressed, read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from syrupy.assertion import SnapshotAssertion

from edgeplan.compression.choice import Bounds
from edgeplan.compression.errors import Errors
from edgeplan.compression.table import Compression, compression_table
from edgeplan.frontends.onnx import parse_text
from edgeplan.lower.scheme import SCHEMES, parse_scheme
from edgeplan.report.compress import render_compression
from edgeplan.report.compressing import render_compressing
from edgeplan.surgery.compressing.apply import Compressing, apply_scheme
from edgeplan.surgery.compressing.mixed import Choice as Mixed
from edgeplan.surgery.compressing.outcome import Applied, Unapplied
from edgeplan.target import Target
from tests.conftest import PutRows
from tests.surgery import harness

Toy = Callable[..., Target]
Table = Callable[..., Compression]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
MODEL = """g (float[4096,256] x) => (float[4096,8] z)
    <int64[2] s = {256,256}, int64[2] t = {256,8}, int64[2] u = {8,8}> {
    w = ConstantOfShape (s) v = ConstantOfShape (t) r = ConstantOfShape (u)
    [first] a = MatMul (x, w) [second] b = MatMul (a, v) [small] z = MatMul (b, r)
}"""
ERRORS = {
    name: Errors({"w": snr, "v": snr + 2}, snr + 1, snr, "w")
    for name, snr in (("fp16", 72.0), ("w8", 41.0), ("w8-tensor", 33.0), ("w8a8", 41.0), ("w4", 17.0))
}


@pytest.fixture
def table(toy: Toy, toy_speeds: Callable[..., None], put_rows: PutRows) -> Table:
    put_rows()
    floats, integers = {"precision": ["float32", "float16"]}, {"precision": ["int8"], "gmacs": {"*": 400}}
    toy_speeds(floats, integers, {"unit": ["cpu"], "gmacs": {"*": 1}})

    def make(schemes: Sequence[str] = (), **more: object) -> Compression:
        wanted = [parse_scheme(s) for s in schemes] or SCHEMES
        more.setdefault("errors", ERRORS)
        return compression_table(parse_text(MODEL), toy(ALL_RUN), schemes=wanted, name="m\x1b[2J.onnx", **more)

    return make


def test_the_report_reads_as_kept(table: Table, snapshot: SnapshotAssertion) -> None:
    assert render_compression(table(), width=100) == snapshot


def test_the_whole_report_reads_as_kept(table: Table, snapshot: SnapshotAssertion) -> None:
    assert render_compression(table(), everything=True, width=120) == snapshot


def test_schemes_that_were_asked_for_are_all_shown(table: Table, snapshot: SnapshotAssertion) -> None:
    found = table(["w8", "palette4", "bf16", "w4-block32"], errors={}, error_why="the weights are blank")
    assert render_compression(found, asked=True, width=100, given="--use gpu") == snapshot


def test_what_stands_in_the_way_of_bounds_is_said(table: Table, snapshot: SnapshotAssertion) -> None:
    found = table(["w8", "w8a8"], bounds=Bounds(size=10_000, snr=60))
    assert render_compression(found, asked=True, width=100) == snapshot


def test_what_keeps_the_bounds_is_said(table: Table) -> None:
    text = render_compression(table(["w8", "w4"], bounds=Bounds(size=50_000)), asked=True, width=100)
    assert "the bounds are kept by w4\n" in text


def test_what_only_training_could_gain_is_said(table: Table) -> None:
    found = table(["w4-block32", "w4"], errors={})
    assert render_compression(found, width=100).startswith("NOTHING TO GAIN WITHOUT TRAINING")


def test_a_model_without_weights_has_nothing_to_compress(toy: Toy, snapshot: SnapshotAssertion) -> None:
    graph = parse_text("g (float[4] x) => (y) { y = Relu (x) }")
    assert render_compression(compression_table(graph, toy(ALL_RUN), name="m.onnx"), width=100) == snapshot


@pytest.mark.parametrize("width", [60, 80, 96, 100, 120])
def test_lines_keep_to_the_width(table: Table, width: int) -> None:
    for everything in (False, True):
        text = render_compression(table(), everything=everything, width=width)
        assert max(map(len, text.splitlines())) <= width
        assert "\u2026" not in text


def test_names_are_shown_escaped(table: Table) -> None:
    text = render_compression(table(), width=100)
    assert "\x1b" not in text
    assert "m\\x1b[2J.onnx" in text


def test_open_dimensions_are_to_be_bound_first(toy: Toy, table: Table) -> None:
    text = MODEL.replace("float[4096,256] x", "float[N,256] x").replace("float[4096,8] z", "float[N,8] z")
    found = compression_table(parse_text(text), toy(ALL_RUN), free=("N",))
    assert "next: bind the open dimensions: --dim N=SIZE" in render_compression(found, width=100)


@pytest.fixture
def made(tmp_path: Path, toy: Toy, put_rows: PutRows) -> Compressing:
    put_rows()
    text = """g (float[1,256] x, float[256,256] w, float[256,8] v) => (float[1,8] z) {
        [first] y = MatMul (x, w) [second] z = MatMul (y, v)
    }"""
    onnx.save(harness.model(text, ("w", "v")), tmp_path / "mo[b]del.onnx")
    found = apply_scheme(tmp_path / "mo[b]del.onnx", toy(ALL_RUN), parse_scheme("w8"), tmp_path / "out.onnx")
    assert found.outcome is not None
    outcome = replace(
        found.outcome, tool="tool 1.0", written=("out.onnx",), outputs={"z": 40.0}, notes=(),
        applied=tuple(replace(a, snr=40.0 + i) for i, a in enumerate(found.outcome.applied)),
    )  # fmt: skip
    return replace(found, outcome=outcome)


def test_a_compressed_model_reads_as_kept(made: Compressing, snapshot: SnapshotAssertion) -> None:
    assert render_compressing(made, width=100) == snapshot


def outcomes(made: Compressing) -> dict[str, Compressing]:
    """What may become of a model, each by what is to be seen."""
    done = made.outcome
    assert done is not None
    left = (
        Unapplied("r", "small", "MatMul", (8, 8), "64 elements"),
        Unapplied("q", "q\x1b", "Conv", (8,), "64 elements"),
    )
    mixed = Mixed(("first", "second"), 31.5, 30.0, 4, "by what each costs compressed alone")
    missed = Mixed((), 12.0, 30.0, 2, "", "with all layers but one wide it is 12.0 still")
    return {
        "left": replace(made, outcome=replace(done, left=left, notes=("raised from opset 11 to 13",))),
        "not run": replace(
            made, outcome=replace(done, runs=0, outputs={}, why="Core ML runs on Apple's systems alone")
        ),
        "no weights measured": replace(
            made,
            outcome=replace(done, applied=(Applied("w", "first", "MatMul", (8, 8), "w8"),), outputs={"a": 9, "b": 7}),
        ),
        "mixed": replace(made, mixed=mixed),
        "missed": replace(made, outcome=None, mixed=missed, plans=None),
        "over": replace(made, outcome=replace(done, written=()), over=("66.0 KiB to download, the budget is 9.8 KiB",)),
        "at a price": replace(made, note="Only the download is smaller."),
    }


@pytest.mark.parametrize("case", ["left", "not run", "no weights measured", "mixed", "missed", "over", "at a price"])
def test_what_became_of_it_is_said(made: Compressing, snapshot: SnapshotAssertion, case: str) -> None:
    text = render_compressing(replace(outcomes(made)[case], plans=None), everything=True, width=100)
    assert "\x1b" not in text
    assert text == snapshot
