"""Findings about the graph itself, on the lines that part a note from silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.finding import Finding
from edgeplan.frontends.onnx import parse_text
from edgeplan.plan import analyze_graph
from edgeplan.target import Target, resolve

Toy = Callable[..., Target]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
MASK = """g (float[1,2,4,4] x, bool[1,1,4,4] m) => (float[1,2,4,4] y) <float low = {{{0}}}> {{
    [masked] s = Where (m, low, x) y = Softmax (s)
}}"""


def chain(idle: int, busy: int) -> str:
    """A model of some Identity ops, and behind them some that work."""
    ops = [f"a{i + 1} = Identity (a{i})" for i in range(idle)]
    ops += [f"a{idle + i + 1} = {'Relu' if i % 2 else 'Neg'} (a{idle + i})" for i in range(busy)]
    return f"g (float[4] a0) => (a{idle + busy}) {{ {' '.join(ops)} }}"


def raised(text: str, target: Target, code: str) -> list[Finding]:
    return [f for f in analyze_graph(parse_text(text), target).findings if f.code == code]


@pytest.mark.parametrize(("idle", "busy", "found"), [(8, 2, 0), (9, 2, 1), (9, 81, 0), (9, 80, 1)])
def test_redundant_ops_are_told_from_a_ninth_and_a_tenth_on(idle: int, busy: int, found: int, toy: Toy) -> None:
    findings = raised(chain(idle, busy), toy(ALL_RUN), "EP401")
    assert len(findings) == found
    for finding in findings:
        assert finding.message == f"{idle} ops of {idle + busy} compute constants or change nothing"
        assert finding.ops == tuple(f"a{i + 1}" for i in range(idle))
        assert finding.fix == ("rewrite/simplify",)


def test_one_transpose_is_no_pair(toy: Toy) -> None:
    text = "g (float[64,64] x) => (y) { y = Transpose (x) }"
    assert not raised(text, toy(ALL_RUN), "EP402")


def test_transposes_that_move_little_are_not_told(toy: Toy) -> None:
    work = " ".join(f"w{i + 1} = Exp (w{i})" for i in range(20))
    text = f"""g (float[4,4] x, float[64,64] w0) => (c, w20) {{
        a = Transpose (x) b = Relu (a) c = Transpose (b) {work}
    }}"""
    assert not raised(text, toy(ALL_RUN), "EP402")


def test_transposes_of_the_lowering_are_not_the_models() -> None:
    text = """g (float[1,3,32,32] x) => (y) <int64[4] s = {8,3,3,3}> { w = ConstantOfShape (s)
        a = Conv (x, w) y = Relu (a) }"""
    assert not raised(text, resolve("pixel9", "tflite"), "EP402")


@pytest.mark.parametrize("low", ["-65505.0", "-1e9", "-3.4e38"])
@pytest.mark.parametrize(("device", "backend"), [("iphone14pro", "coreml"), ("galaxys24", "qnn")])
def test_masks_beyond_float16_are_told(low: str, device: str, backend: str) -> None:
    (finding,) = raised(MASK.format(low), resolve(device, backend), "EP501")
    assert finding.ops == ("masked",)
    assert finding.fix == ("rewrite/finite-mask",)


@pytest.mark.parametrize("low", ["-65504.0", "-1e4"])
def test_masks_within_float16_are_not(low: str) -> None:
    assert not raised(MASK.format(low), resolve("iphone14pro"), "EP501")


def test_float32_holds_them() -> None:
    assert not raised(MASK.format("-1e9"), resolve("iphone14pro", precision="float32"), "EP501")
