"""The op x backend table holds every operator, and says what the rows say."""

from __future__ import annotations

import pytest
from onnx import defs

from edgeplan.capability.table import Mark
from edgeplan.matrix import Matrix, op_matrix

IN_FILES_ONLY = {
    "Constant", "ConcatFromSequence", "Optional", "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase",
    "SequenceLength",
}  # fmt: skip
"""Operators that are gone once a file is read: constants, and sequences of tensors that are known one by one."""


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return op_matrix()


def test_every_operator_of_onnx_that_computes_has_a_row(matrix: Matrix) -> None:
    wanted = {s.name for s in defs.get_all_schemas() if not s.domain and not s.deprecated}
    missing = wanted - set(matrix.rows)
    assert missing <= IN_FILES_ONLY, missing


def test_a_row_has_a_cell_for_every_accelerator(matrix: Matrix) -> None:
    assert {(c.backend.name, c.unit) for c in matrix.columns} >= {("coreml", "ane"), ("tensorrt", "gpu")}
    assert all(len(cells) == len(matrix.columns) for cells in matrix.rows.values())


def test_cells_follow_the_rows(matrix: Matrix) -> None:
    at = {(c.backend.name, c.unit): i for i, c in enumerate(matrix.columns)}
    assert matrix.rows["Det"][at["tensorrt", "gpu"]].mark is Mark.REFUSES
    assert matrix.rows["LSTM"][at["coreml", "ane"]].mark is Mark.REFUSES
    assert matrix.rows["Conv"][at["coreml", "ane"]].mark is Mark.CONDITIONS
