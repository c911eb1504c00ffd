"""Every row of every backend is held against its own examples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest

from edgeplan.capability.lint import lint
from edgeplan.capability.match import Facts, applies
from edgeplan.capability.rows import Backend, Row, backend_names, load_backend
from edgeplan.cli.rules import schema_of
from edgeplan.compression.rows import cited_by_compression
from edgeplan.cost.lint import cited_by_speeds
from edgeplan.frontends.onnx import parse_text
from edgeplan.lower import lower_to
from edgeplan.lower.fuse import FUSIONS
from edgeplan.memory.figures import cited
from edgeplan.place.support import facts_of
from edgeplan.pruning.widths import cited_by_widths
from edgeplan.surgery.evidence import cited_by_rewrites

BACKENDS = [load_backend(name) for name in backend_names()]
ROWS = [pytest.param(backend, row, id=backend.row_id(row)) for backend in BACKENDS for row in backend.rows]


@lru_cache(maxsize=4096)
def facts(text: str, dialect: str, precision: str, fuse: tuple[str, ...], keep: tuple[str, ...]) -> tuple[Facts, ...]:
    """Every op of the lowered text, those of bodies included, with its values."""
    return tuple(_walk(text, dialect, precision, fuse, keep))


def _walk(text: str, dialect: str, precision: str, fuse: tuple[str, ...], keep: tuple[str, ...]) -> Iterator[Facts]:
    for graph, op in lower_to(parse_text(text), dialect, precision, fuse, keep).walk():
        yield facts_of(graph, op)


def lowered(text: str, backend: Backend, row: Row) -> tuple[Facts, ...]:
    precision = row.precision[0] if row.precision else backend.precision
    return facts(
        text,
        backend.dialect,
        precision,
        backend.fusions(row.since or row.until or backend.newest),
        backend.lowering.keep,
    )


@pytest.mark.parametrize(("backend", "row"), ROWS)
def test_hits_hit(backend: Backend, row: Row) -> None:
    for text in row.hits:
        found = lowered(text, backend, row)
        assert any(applies(row, f) is True for f in found), f"no {row.ops} hit among {_said(found)}: {text}"


@pytest.mark.parametrize(("backend", "row"), ROWS)
def test_misses_miss(backend: Backend, row: Row) -> None:
    for text in row.misses:
        found = lowered(text, backend, row)
        assert all(applies(row, f) is False for f in found), f"hit among {_said(found)}: {text}"
        present = "*" in row.ops or any(f.op.label in row.ops for f in found)
        assert present, f"no {row.ops} among {_said(found)}: {text}"


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda b: b.name)
def test_rows_are_clean(backend: Backend) -> None:
    known = cited(backend) | cited_by_speeds(backend) | cited_by_rewrites(backend) | cited_by_compression(backend)
    known |= cited_by_widths(backend)
    assert [str(c) for c in lint(backend, schema_of(backend.dialect), known)] == []


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda b: b.name)
def test_fusions_exist(backend: Backend) -> None:
    assert set(backend.lowering.fuse) <= FUSIONS.keys()
    assert backend.lowering.since.keys() <= set(backend.lowering.fuse)


def _said(found: tuple[Facts, ...]) -> list[str]:
    return [f.op.label for f in found]
