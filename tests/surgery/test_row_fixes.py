"""What a row names as its fix takes an example of the row away."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from edgeplan.capability.match import applies
from edgeplan.capability.rows import Backend, Row, backend_names, load_backend
from edgeplan.frontends.onnx import load_onnx, parse_model
from edgeplan.graph import Graph
from edgeplan.lower import lower_to
from edgeplan.place.support import facts_of
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.evidence import cured_rows, examples_of, known_of
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import NAMES, rewrite
from edgeplan.surgery.sweep import sweep
from edgeplan.surgery.tidy import tidy

BACKENDS = [load_backend(name) for name in backend_names()]
FIXES = [
    pytest.param(backend, row, fix.removeprefix("rewrite/"), id=f"{backend.row_id(row)}-{fix}")
    for backend in BACKENDS
    for row in backend.rows
    for fix in row.fix
]


def hits(graph: Graph, backend: Backend, row: Row) -> int:
    """How many ops of a graph a row speaks of."""
    precision = row.precision[0] if row.precision else backend.precision
    fusions = backend.fusions(row.since or row.until or backend.newest)
    lowered = lower_to(graph, backend.dialect, precision, fusions, backend.lowering.keep)
    return sum(applies(row, facts_of(g, op)) is True for g, op in lowered.walk())


@pytest.mark.parametrize(("backend", "row", "name"), FIXES)
def test_a_fix_takes_an_example_away(backend: Backend, row: Row, name: str) -> None:
    assert name in NAMES
    left = []
    for text in (*row.hits, *examples_of(name).get(backend.row_id(row), ())):
        draft = Draft.open(parse_model(text))
        tidy(draft, Ledger(), [])
        before = hits(draft.graph, backend, row)
        found = sweep(draft, [rewrite(name)], Ledger())
        tidy(draft, Ledger(), [])
        left.append(
            (found.sites != () and hits(load_onnx(ir.to_proto(draft.model)).graph, backend, row) < before, found)
        )
    assert any(done for done, _ in left), left


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_a_rewrite_has_its_sources(name: str) -> None:
    for known in known_of(name):
        assert known.backend in backend_names()
        assert known.evidence
        assert all(e.url for e in known.evidence)


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_of_rows_that_name_the_rewrite(name: str) -> None:
    assert examples_of(name).keys() <= set(cured_rows().get(name, ()))
