from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.capability.rows import Backend
from edgeplan.capability.table import Cell, Mark, UnitTable, worst

ToyBackend = Callable[..., Backend]


def row(verdict: str, ops: str = '"Relu"', more: str = "", id: str = "") -> str:
    why = "" if verdict == "runs" else '\nwhy = "So."'
    return f'id = "{id or verdict}"\nops = [{ops}]\nunit = ["npu"]\nverdict = "{verdict}"{why}\n{more}'


LIMIT = 'when = { "X.rank" = { min = 5 } }'


@pytest.mark.parametrize(
    ("rows", "mark"),
    [
        ((), Mark.UNKNOWN),
        ((row("runs"),), Mark.RUNS),
        ((row("runs", more=LIMIT),), Mark.CONDITIONS),
        ((row("runs"), row("refuses", more=LIMIT)), Mark.CONDITIONS),
        ((row("runs"), row("degrades", more=LIMIT)), Mark.CONDITIONS),
        ((row("degrades"),), Mark.CONDITIONS),
        ((row("refuses"),), Mark.REFUSES),
        ((row("refuses", more=LIMIT),), Mark.REFUSES),
        ((row("runs"), row("refuses", more='generation = { max = "N1" }')), Mark.CONDITIONS),
        ((row("runs", '"*"'),), Mark.RUNS),
        ((row("runs"), row("refuses", '"*"', LIMIT)), Mark.RUNS),
        ((row("runs", more='until = "2"'),), Mark.UNKNOWN),
        ((row("runs", '"Neg"'),), Mark.UNKNOWN),
    ],
)
def test_a_cell_says_what_the_rows_say_together(toy_backend: ToyBackend, rows: tuple[str, ...], mark: Mark) -> None:
    assert UnitTable(toy_backend(*rows), "npu").cell("Relu").mark is mark


def test_a_cell_keeps_the_rows_that_name_the_op(toy_backend: ToyBackend) -> None:
    table = UnitTable(toy_backend(row("runs"), row("refuses", '"*"', LIMIT)), "npu")
    assert [r.id for r in table.cell("Relu").rows] == ["runs"]
    assert [r.id for r in table.everywhere] == ["refuses"]
    assert table.ops == ("Relu",)


def test_an_older_release_has_its_own_rows(toy_backend: ToyBackend) -> None:
    backend = toy_backend(row("refuses", more='until = "1"'), row("runs", more='since = "2"'))
    assert UnitTable(backend, "npu", "1").cell("Relu").mark is Mark.REFUSES
    assert UnitTable(backend, "npu").cell("Relu").mark is Mark.RUNS


def test_ops_that_run_together_are_as_good_as_the_worst() -> None:
    marks = [Mark.RUNS, Mark.CONDITIONS, Mark.REFUSES, Mark.UNKNOWN]
    for at, mark in enumerate(marks):
        assert worst(Cell(m) for m in marks[: at + 1]).mark is mark
