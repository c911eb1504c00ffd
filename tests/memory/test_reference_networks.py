"""The bounds that Pisarchyk and Lee (arXiv 2001.03288) give for networks, from the layers that make them."""

from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.lower import lower_to
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.pool import plan_pool


def conv(out: str, x: str, shape: tuple[int, ...], *attrs: str) -> str:
    """A convolution whose weight is made on the spot."""
    size = ", ".join(map(str, shape))
    weight = f"{out}_s = Constant <value_ints = [{size}]> () {out}_w = ConstantOfShape ({out}_s)"
    return f"{weight} {out} = Conv {'<' + ', '.join(attrs) + '>' if attrs else ''} ({x}, {out}_w)\n"


STRIDE, PAD = "strides = [2, 2]", "pads = [1, 1, 1, 1]"
MOBILENET_V1 = f"""g (float[1,3,224,224] x) => (d) {{
    {conv("a", "x", (32, 3, 3, 3), STRIDE, PAD)}
    {conv("b", "a", (32, 1, 3, 3), "group = 32", PAD)}
    {conv("c", "b", (64, 32, 1, 1))}
    {conv("d", "c", (64, 1, 3, 3), "group = 64", STRIDE, PAD)}
}}"""
MOBILENET_V2 = f"""g (float[1,16,112,112] x) => (c) {{
    {conv("a", "x", (96, 16, 1, 1))}
    {conv("b", "a", (96, 1, 3, 3), "group = 96", STRIDE, PAD)}
    {conv("c", "b", (24, 96, 1, 1))}
}}"""
INCEPTION_V3 = f"""g (float[1,3,299,299] x) => (p) {{
    {conv("a", "x", (32, 3, 3, 3), STRIDE)}
    {conv("b", "a", (32, 32, 3, 3))}
    {conv("c", "b", (64, 32, 3, 3), PAD)}
    p = MaxPool <kernel_shape = [3, 3], {STRIDE}> (c)
}}"""


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        pytest.param(MOBILENET_V1, 112 * 112 * (64 + 32) * 4, id="mobilenet-v1"),
        pytest.param(MOBILENET_V2, 112 * 112 * 96 * 4 + 56 * 56 * 96 * 4, id="mobilenet-v2"),
        pytest.param(INCEPTION_V3, 147 * 147 * (64 + 32) * 4, id="inception-v3"),
    ],
)
def test_the_arena_is_the_largest_pair_of_layers(text: str, pair: int) -> None:
    arena = plan_pool(lower_to(parse_text(text), "onnx"), ArenaRules()).arena
    assert arena.size == arena.bound == pair


def test_in_float16_it_is_half() -> None:
    lowered = (lower_to(parse_text(MOBILENET_V1), "mil", p) for p in ("float32", "float16"))
    full, half = (plan_pool(graph, ArenaRules()).arena.size for graph in lowered)
    assert full == 2 * half
