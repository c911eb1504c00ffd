from __future__ import annotations

from collections.abc import Callable

from edgeplan.capability.rows import Backend
from edgeplan.capability.sentence import conditions, span


def test_conditions_and_limits_are_said_in_words(toy_backend: Callable[..., Backend]) -> None:
    (row,) = toy_backend(
        """id = "all"
        ops = ["Conv"]
        unit = ["npu"]
        verdict = "refuses"
        why = "So."
        since = "2"
        generation = { max = "N1" }
        precision = ["float16"]
        features = ["fp16"]
        check = "dynamic_shape"
        when = { "attr.dilations" = { some = { min = 3 } }, "X.rank" = [3, 4], "W.const" = false }
        unless = { "X.shape" = [1, 2] }"""
    ).rows
    assert list(conditions(row)) == [
        "when some element of attr.dilations is at least 3",
        "when X.rank is 3 or 4",
        "when W.const is false",
        "unless X.shape is 1 or 2",
        "when a tensor of the op has an axis whose size is not known before the model runs",
        "on chips with fp16",
    ]
    assert span(row) == "2 to newest; generation first to N1; precision float16"


def test_a_row_without_conditions_says_none(toy_backend: Callable[..., Backend]) -> None:
    (row,) = toy_backend('id = "all"\nops = ["Conv"]\nunit = ["npu"]\nverdict = "runs"').rows
    assert list(conditions(row)) == []
    assert span(row) == ""
