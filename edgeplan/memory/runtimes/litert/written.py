"""How much of a region is ever written: pages that are set aside alone take no memory.

Source: google-ai-edge/LiteRT@f67457790, tflite/kernels/batch_matmul.cc, Eval: room to transpose both operands is asked
for, and of the first it is used when `adj_x` is set, of the second when `adj_y` is not.
"""

from __future__ import annotations

from collections import Counter

from edgeplan.memory.pool import Pool
from edgeplan.memory.runtimes.litert.partitions import Outside
from edgeplan.memory.runtimes.litert.planner import ALIGNMENT
from edgeplan.units import round_up

__all__ = ["idle_room", "written"]


def idle_room(left: Outside) -> Counter[tuple[str, int]]:
    """The temporaries of the interpreter's own ops that are never written: op and bytes, and how many of each."""
    found: Counter[tuple[str, int]] = Counter()
    for i in left.own:
        op = left.graph.ops[i]
        if op.label == "BATCH_MATMUL" and len(op.inputs) == 2:
            idle = (not op.attrs.get("adj_x"), bool(op.attrs.get("adj_y")))
            for name, unused in zip(op.inputs, idle, strict=True):
                size = left.graph.values[name].bytes
                if unused and size:
                    found[op.name, round_up(size, ALIGNMENT)] += 1
    return found


def written(pool: Pool, idle: Counter[tuple[str, int]]) -> int:
    """Bytes of a region in which some buffer lies that is written."""
    spared = Counter(idle)
    spans: list[tuple[int, int]] = []
    for buffer, offset in zip(pool.arena.buffers, pool.arena.offsets, strict=True):
        key = buffer.value, round_up(buffer.size, ALIGNMENT)
        if buffer.role == "scratch" and spared[key]:
            spared[key] -= 1
        else:
            spans.append((offset, offset + buffer.size))
    total = top = 0
    for start, end in sorted(spans):
        total += max(end - max(start, top), 0)
        top = max(top, end)
    return total
