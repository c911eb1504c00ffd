from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.capability.lint import OpNames, lint, mil_schema
from edgeplan.capability.rows import Backend

HEAD = """
title    = "Toy"
dialect  = "onnx"
releases = ["1", "2", "3"]
[alias]
"one" = "1"
[unit.npu]
title       = "NPU"
generations = ["N1", "N2"]
[unit.cpu]
title = "CPU"
[source.paper]
kind = "vendor-doc"
url  = "https://example.org/paper"
seen = 2026-01-01
"""
ROW = """
id      = "conv-dilated"
ops     = ["Conv"]
unit    = ["npu"]
verdict = "refuses"
when    = { "attr.dilations" = { some = { min = 2 } }, "X.rank" = 4, "any.static" = true }
why     = "A dilated convolution leaves the NPU."
source  = { paper = "says so" }
hits    = ["hit"]
misses  = ["miss"]
"""
PLAIN = 'ops = ["Conv"]\nunit = ["npu"]\nsource = { paper = "so" }\nhits = ["h"]\n'
RUNS = f'{PLAIN}id = "runs"\nverdict = "runs"\n'
REFUSES = f'{PLAIN}id = "refuses"\nverdict = "refuses"\nwhy = "It does not."\n'


def schema_of(op: str) -> OpNames | None:
    return OpNames(frozenset("XWB"), frozenset({"dilations", "mode"})) if op == "Conv" else None


@pytest.fixture
def said(toy_backend: Callable[..., Backend]) -> Callable[..., list[str]]:
    def complain(*texts: str, head: str = HEAD) -> list[str]:
        return [str(c) for c in lint(toy_backend(*texts, head=head), schema_of)]

    return complain


def test_a_clean_row_has_no_complaint(said: Callable[..., list[str]]) -> None:
    assert said(ROW) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('["Conv"]', '["Convv"]', "the dialect has no op 'Convv'"),
        ('["Conv"]', "[]", "speaks of no op"),
        ('["Conv"]', '["Conv", "Conv"]', "names the op 'Conv' twice"),
        ('["Conv"]', '["*"]', "not every op has a port 'X'"),
        ('["npu"]', '["npus"]', "the backend has no unit 'npus'"),
        ('["npu"]', "[]", "speaks of no unit"),
        ("attr.dilations", "attr.dilation", "Conv has no attribute 'dilation'"),
        ("X.rank", "x.rank", "Conv has no port 'x'"),
        ("X.rank", "X.ranks", "no such fact: 'X.ranks'"),
        ('"X.rank" = 4', '"X.rank[0]" = 4', "X.rank[0]: only a shape, a value or an attribute has elements"),
        ('"X.rank" = 4', '"X.rank" = "4"', "X.rank: '4' is no whole number"),
        ('"X.rank" = 4', '"X.rank" = []', "X.rank: an empty list matches nothing"),
        ('"X.rank" = 4', '"X.rank" = {}', "X.rank: an empty matcher holds of everything"),
        ('"X.rank" = 4', '"X.rank" = { every = 4 }', "X.rank: 'every' needs a list"),
        ('"X.rank" = 4', '"X.rank" = { over = 4 }', "X.rank: there is no matcher 'over'"),
        ('"X.rank" = 4', '"X.rank" = { min = "4" }', "X.rank: 'min' needs a number, not '4'"),
        ('"X.rank" = 4', '"X.shape[0]" = { multiple_of = 0 }', "'multiple_of' needs a positive number, not 0"),
        ('"X.rank" = 4', '"X.shape" = 4', "X.shape: a list never equals 4"),
        ('"X.rank" = 4', '"X.shape" = { min = 4 }', "X.shape: 'min' needs a number to hold against"),
        ('"X.rank" = 4', '"X.dtype" = "half"', "X.dtype: there is no dtype 'half'"),
        ('"X.rank" = 4', '"W.const" = 1', "W.const: 1 is neither true nor false"),
        ('"X.rank" = 4', '"opset" = true', "opset: True is no whole number"),
        ("paper =", "book =", "cites 'book', which is no source"),
        ('{ paper = "says so" }', "{}", "cites no source"),
        ("source  =", 'against = { book = "no" }\nsource  =', "cites 'book', which is no source"),
        ("unit  ", 'since = "4"\nunit', "there is no release '4'"),
        ("unit  ", 'since = "3"\nuntil = "1"\nunit', "the release '3' is later than '1'"),
        ("unit  ", 'generation = { min = "N9" }\nunit', "unit npu: there is no generation 'N9'"),
        ("unit  ", 'generation = { min = "N2", max = "N1" }\nunit', "the generation 'N2' is later than 'N1'"),
        ("unit  ", 'precision = ["half"]\nunit', "no precision is called 'half'"),
        ("unit  ", 'code = "EP999"\nunit', "no finding has the code 'EP999'"),
        ("unit  ", 'check = "no_such"\nunit', "no predicate is called 'no_such'"),
        ("leaves the NPU.", "leaves the NPU", "why is not one sentence that ends in a full stop"),
        ("leaves the NPU.", "leaves. It does.", "why is not one sentence that ends in a full stop"),
        ('"A dilated convolution leaves the NPU."', '""', "does not say why"),
        ("conv-dilated", "Conv_dilated", "the id is not in kebab-case"),
        ('["hit"]', "[]", "has no hit"),
        ('["miss"]', "[]", "has conditions and no miss"),
    ],
)
def test_a_mistake_in_a_row_is_complained_about(
    said: Callable[..., list[str]], old: str, new: str, complaint: str
) -> None:
    assert old in ROW
    assert any(complaint in c for c in said(ROW.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("https://", "http://", "source 'paper' has no https address"),
        ("seen = 2026-01-01", "", "source 'paper' does not say when it was seen"),
        ("[source.paper]", '[source.spare]\nkind = "community"\n[source.paper]', "source 'spare' is never cited"),
        ('"one" = "1"', '"nine" = "9"', "alias 'nine' stands for '9', which is no release"),
        ('title = "CPU"', 'title = "CPU"\nuntil = "9"', "unit cpu: there is no release '9'"),
        ('title = "CPU"', 'title = "CPU"\nsource = { book = "x" }', "unit cpu cites 'book', which is no source"),
    ],
)
def test_a_mistake_in_the_head_is_complained_about(
    said: Callable[..., list[str]], old: str, new: str, complaint: str
) -> None:
    assert old in HEAD
    assert f"backend.toml: {complaint}" in said(ROW, head=HEAD.replace(old, new, 1))


def test_ids_are_unique(said: Callable[..., list[str]]) -> None:
    assert said(ROW, ROW) == ["conv-dilated: 2 rows have this id"] * 2


@pytest.mark.parametrize("op", ["com.microsoft.Anything", "ai.onnx.ml.Scaler", "ATen"])
def test_ops_that_no_schema_lists_may_be_spoken_of(said: Callable[..., list[str]], op: str) -> None:
    assert said(REFUSES.replace("Conv", op)) == []


def test_an_op_that_was_left_unlowered_must_exist(said: Callable[..., list[str]]) -> None:
    assert said(REFUSES.replace("Conv", "onnx.Nothing")) == ["refuses: the dialect has no op 'onnx.Nothing'"]


@pytest.mark.parametrize(
    ("runs", "refuses", "contradict"),
    [
        ("", "", True),
        ('until = "1"', 'since = "2"', False),
        ('until = "2"', 'since = "2"', True),
        ('generation = { max = "N1" }', 'generation = { min = "N2" }', False),
        ('generation = { max = "N2" }', 'generation = { min = "N2" }', True),
        ("", 'generation = { max = "N1" }', False),
        ('generation = { max = "N1" }', "", True),
        ('precision = ["float16"]', 'precision = ["float32"]', False),
        ("", 'check = "dynamic_shape"\nmisses = ["m"]', False),
    ],
)
def test_rows_that_hold_always_never_contradict(
    said: Callable[..., list[str]], runs: str, refuses: str, contradict: bool
) -> None:
    complaints = ["refuses: contradicts runs about Conv on npu"] if contradict else []
    assert said(RUNS + runs, REFUSES + refuses) == complaints


def test_mil_knows_its_ops_by_coremltools_names() -> None:
    conv = mil_schema()("conv")
    assert conv is not None
    assert {"x", "weight", "dilations", "groups"} <= conv.ports
    assert mil_schema()("Conv") is None
