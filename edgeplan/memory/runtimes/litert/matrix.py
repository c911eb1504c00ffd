"""What the builtin kernels of matrix products ask for: transposed operands, and quantised copies of float inputs.

Source: google-ai-edge/LiteRT@f67457790, Prepare in tflite/kernels/fully_connected.cc and batch_matmul.cc.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from edgeplan.graph import DType
from edgeplan.memory.runtimes.litert.call import Call, Temporary
from edgeplan.units import round_up

__all__ = ["batch_matmul", "fully_connected"]

_FILTER_WIDTH, _FILTER_DEPTH, _MOST_ROWS = 4, 32, 4
"""The 4 bit kernel's blocks, and how many rows it takes at once with SSE and on 64 bit Arm."""


def fully_connected(call: Call) -> Iterator[Temporary]:
    """Only a hybrid kernel asks for any: its input quantised, scales, sums, zero points, and the filter's row sums."""
    if not call.hybrid("input", "filter", DType.UINT8, DType.INT8, DType.INT4, DType.INT2):
        return
    size, (units, depth) = prod(call.dims("input")), call.dims("filter")
    if not depth:
        return
    rows = size // depth
    stored = call.home("filter") == "file"
    packed = call.value("filter").dtype is DType.INT4 and stored and rows > 0 and depth % 2 == 0
    if packed and units >= _FILTER_WIDTH and depth >= _FILTER_DEPTH:
        at_once = next(n for n in (_MOST_ROWS, 2, 1) if rows >= n)
        rows = round_up(rows, at_once)
        yield Temporary(rows * round_up(depth, _FILTER_DEPTH))
        yield Temporary(4 * rows)
        yield Temporary(4 * rows * round_up(units, _FILTER_WIDTH))
        yield Temporary(4 * rows)
        return
    yield from (Temporary(size), Temporary(4 * rows), Temporary(4 * units * rows), Temporary(4 * rows))
    yield Temporary(4 * units, "persistent")


def batch_matmul(call: Call) -> Iterator[Temporary]:
    """Both operands transposed, asked for whether they are or not; a constant one is kept."""
    x, y = call.dims("x"), call.dims("y")
    yield Temporary(prod(x) * call.width("x"))
    yield Temporary(prod(y) * call.width("y"), "persistent" if call.home("y") == "file" else "arena")
    if call.hybrid("x", "y", DType.INT8):
        rows = x[-1] if call.number("adj_x", 0) else x[-2]
        units = y[-2] if call.number("adj_y", 0) else y[-1]
        every = prod(x[:-2]) * rows
        yield from (Temporary(prod(x)), Temporary(4 * every), Temporary(4 * units * rows), Temporary(4 * every))
        yield Temporary(4 * prod(y[:-2]) * units, "persistent")
