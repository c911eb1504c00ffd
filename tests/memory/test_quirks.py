from __future__ import annotations

from typing import get_args

import pytest

from edgeplan.capability.match import applies
from edgeplan.capability.rows import Backend, Growth, Row, backend_names, load_backend
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower import lower_to
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.quirks import GROWTHS, grown, quirks, term_of
from edgeplan.memory.range import Range
from edgeplan.place.support import facts_of
from edgeplan.target import resolve

BACKENDS = [load_backend(name) for name in backend_names()]
QUIRKS = [pytest.param(backend, row, id=backend.row_id(row)) for backend in BACKENDS for row in backend.quirks]

DILATED = """g (float[1,8,32,32] x) => (float[1,16,24,24] y) <int64[4] s = {16,8,3,3}> {
    w = ConstantOfShape (s) y = Conv <dilations = [4,4]> (x, w) }"""
PLAIN = """g (float[1,8,32,32] x) => (float[1,16,30,30] y) <int64[4] s = {16,8,3,3}> {
    w = ConstantOfShape (s) y = Conv (x, w) }"""


def lowered(text: str, backend: Backend) -> Graph:
    return lower_to(
        parse_text(text), backend.dialect, backend.precision, backend.fusions(backend.newest), backend.lowering.keep
    )


def hits(text: str, backend: Backend, row: Row) -> list[bool | None]:
    graph = lowered(text, backend)
    return [applies(row, facts_of(graph, op)) for op in graph.ops if op.label in row.ops]


@pytest.mark.parametrize(("backend", "row"), QUIRKS)
def test_hits_hit_and_grow_by_what_the_formula_gives(backend: Backend, row: Row) -> None:
    for text in row.hits:
        assert True in hits(text, backend, row)
        graph = lowered(text, backend)
        sizes = [grown(row, graph, op) for op in graph.ops if op.label in row.ops]
        assert max(size.high for size in sizes) > 0
        assert {(size.low, size.likely) for size in sizes} == {(0, 0)}


@pytest.mark.parametrize(("backend", "row"), QUIRKS)
def test_misses_miss(backend: Backend, row: Row) -> None:
    for text in row.misses:
        found = hits(text, backend, row)
        assert found
        assert True not in found


def test_a_row_about_memory_is_none_about_placement() -> None:
    assert [row.id for backend in BACKENDS for row in backend.rows if row.memory] == []
    assert all(row.verdict == "degrades" and row.code == "EP205" for backend in BACKENDS for row in backend.quirks)


def test_a_row_about_memory_is_found_by_its_id() -> None:
    coreml = load_backend("coreml")
    assert coreml.find("conv-dilated-gather") in coreml.quirks
    assert coreml.find("coreml/ane/conv-dilated-gather") in coreml.quirks


def test_every_formula_has_a_sentence_and_every_name_a_formula() -> None:
    assert set(GROWTHS) == set(get_args(Growth))
    assert all((formula.size.__doc__ or "").strip() for formula in GROWTHS.values())


@pytest.mark.parametrize(
    ("backend", "row", "text", "size"),
    [
        ("coreml", "conv-dilated-zero-filled", DILATED, 2 * 16 * 8 * (9 * 9 - 3 * 3)),
        ("coreml", "conv-dilated-gather", DILATED, 2 * (8 * 32 * 32 + 16 * 24 * 24)),
        (
            "onnxruntime-coreml",
            "conv-transpose-columns",
            """g (float[1,8,16,16] x) => (float[1,4,32,32] y) <int64[4] s = {8,4,2,2}> {
                w = ConstantOfShape (s) y = ConvTranspose <strides = [2,2]> (x, w) }""",
            4 * (4 * 2 * 2) * 16 * 16,
        ),
        (
            "onnxruntime-coreml",
            "conv-columns-by-thread",
            """g (float[1,8,64,64] x) => (float[1,8,64,64] y) <int64[4] s = {8,1,3,3}> {
                w = ConstantOfShape (s) y = Conv <group = 8, pads = [1,1,1,1]> (x, w) }""",
            5 * 64 * 64 * 9 * 4,
        ),
        (
            "tflite",
            "winograd-kernel",
            """g (float[1,8,32,32] x) => (float[1,16,30,30] y) <int64[4] s = {16,8,3,3}> {
                w = ConstantOfShape (s) y = Conv (x, w) }""",
            4 * 16 * 8 * (36 - 9),
        ),
        (
            "tflite",
            "winograd-tiles",
            """g (float[1,8,32,32] x) => (float[1,16,30,30] y) <int64[4] s = {16,8,3,3}> {
                w = ConstantOfShape (s) y = Conv (x, w) }""",
            4 * 36 * 8 * 8 * (8 + 16),
        ),
    ],
)
def test_a_formula_computes(backend: str, row: str, text: str, size: int) -> None:
    table = load_backend(backend)
    found = table.find(row)
    assert found is not None
    graph = lowered(text, table)
    op = next(op for op in graph.ops if op.label in found.ops)
    assert grown(found, graph, op) == Range(0, 0, size)


def test_an_open_size_grows_by_nothing_known() -> None:
    coreml = load_backend("coreml")
    row = coreml.find("conv-dilated-gather")
    assert row is not None
    graph = lowered(
        DILATED.replace("[1,8,32,32] x", "[n,8,32,32] x").replace("[1,16,24,24] y", "[n,16,24,24] y"), coreml
    )
    assert grown(row, graph, next(op for op in graph.ops if op.type == "conv")) == Range()


def deployed(text: str, *units: str) -> Deployment:
    target = resolve("iphone14pro", "coreml", "iOS 17", use=["gpu"])
    graph = lowered(text, target.backend)
    return Deployment(graph, target, units or ("ane",) * len(graph.ops), ())


def test_a_quirk_holds_on_the_unit_that_runs_the_op() -> None:
    def ids(given: Deployment) -> list[str]:
        return [quirk.row.id for quirk in quirks(given)]

    assert ids(deployed(DILATED)) == ["conv-dilated-gather", "conv-dilated-zero-filled"]
    assert ids(deployed(DILATED, "cpu")) == ["conv-dilated-zero-filled"]
    assert ids(deployed(PLAIN)) == []


def test_what_is_held_adds_up_and_what_is_rearranged_does_not() -> None:
    twice = """g (float[1,8,32,32] x) => (float[1,8,28,28] y) <int64[4] s = {8,8,3,3}> {
        w = ConstantOfShape (s) a = Conv <dilations = [2,2], pads = [2,2,2,2]> (x, w)
        v = ConstantOfShape (s) y = Conv <dilations = [2,2]> (a, v) }"""
    gather, zero = quirks(deployed(twice))
    assert (gather.phase, gather.size.high) == ("run", 2 * 2 * 8 * 32 * 32)
    assert (zero.phase, zero.size.high) == ("always", 2 * 2 * 8 * 8 * (5 * 5 - 3 * 3))
    assert len(gather.ops) == len(zero.ops) == 2


def test_a_quirk_is_a_term_with_its_evidence() -> None:
    given = deployed(DILATED)
    term = term_of(next(quirks(given)), given.target.backend)
    assert (term.name, term.kind, term.phase) == ("conv dilated gather", "estimated", "run")
    assert term.basis
    assert [e.kind for e in term.evidence] == ["reverse-engineered"]


def test_nobody_vouches_for_the_zero_filled_kernel() -> None:
    coreml = load_backend("coreml")
    row = coreml.find("conv-dilated-zero-filled")
    assert row is not None
    assert coreml.confidence(row).value == "low"
    assert "unverified" in row.why
