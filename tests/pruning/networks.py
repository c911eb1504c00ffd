"""Small networks that are pruned in tests: what they are made of is known, so what is left can be counted."""

from __future__ import annotations

from edgeplan.frontends.onnx import parse_text
from edgeplan.pruning.structure import Structure, structure_of

__all__ = ["CHAIN", "RESIDUAL", "chain", "of_text", "residual", "text"]


def text(ends: str, ops: str, **weights: tuple[int, ...]) -> str:
    """A graph in ONNX text whose weights, of these shapes, are filled with one number."""
    shapes = ", ".join(f"int64[{len(s)}] {n}_shape = {{{', '.join(map(str, s))}}}" for n, s in weights.items())
    made = "\n".join(f"{n} = ConstantOfShape ({n}_shape)" for n in weights)
    return f"g {ends} <{shapes}> {{ {made}\n{ops} }}"


CHAIN = text(
    "(float[1,3,16,16] x) => (float[1,10] y)",
    """c1 = Conv <pads = [1,1,1,1]> (x, w1, b1)
    r1 = Relu (c1)
    c2 = Conv <pads = [1,1,1,1]> (r1, w2, b2)
    r2 = Relu (c2)
    p = GlobalAveragePool (r2)
    f = Flatten (p)
    y = Gemm <transB = 1> (f, w3)""",
    w1=(32, 3, 3, 3), b1=(32,), w2=(64, 32, 3, 3), b2=(64,), w3=(10, 64),
)  # fmt: skip
"""Two convolutions and a classifier: a group of 32 channels and one of 64."""

RESIDUAL = text(
    "(float[1,16,8,8] x) => (float[1,8,8,8] y)",
    """s = Conv (x, w0)
    c1 = Conv (s, w1)
    r1 = Relu (c1)
    c2 = Conv (r1, w2)
    a = Add (s, c2)
    y = Conv (a, w3)""",
    w0=(16, 16, 1, 1), w1=(48, 16, 1, 1), w2=(16, 48, 1, 1), w3=(8, 16, 1, 1),
)  # fmt: skip
"""A residual block: 16 channels that two convolutions make together, and 48 of its own inside."""


def of_text(model: str) -> Structure:
    """The structure of a graph in ONNX text."""
    return structure_of(parse_text(model))


def chain() -> Structure:
    """The structure of `CHAIN`."""
    return of_text(CHAIN)


def residual() -> Structure:
    """The structure of `RESIDUAL`."""
    return of_text(RESIDUAL)
