"""What LiteRT holds twice when its arena of what outlives a call grows while the model runs.

Where an op's result has a size that only the run tells, the ops behind it are prepared when it has run. What they want
to keep makes the arena grow: a larger one is taken, the old one copied into it and given free.
Source: google-ai-edge/LiteRT@f67457790, tflite/simple_memory_arena.cc, ResizableAlignedBuffer::Resize, and
tflite/core/subgraph.cc, PrepareOpsAndTensors and InvokeImpl.
"""

from __future__ import annotations

from edgeplan.memory.runtimes.litert.call import Call
from edgeplan.memory.runtimes.litert.homes import homes
from edgeplan.memory.runtimes.litert.partitions import Outside
from edgeplan.memory.runtimes.litert.scratch import scratch

__all__ = ["growth"]


def growth(left: Outside) -> int:
    """Bytes that the largest move takes beside the arena in its final size."""
    where = homes(left.graph, left.own)
    wanted = most = 0
    before: int | None = None  # the arena when the last op of unknown size was prepared
    for i, op in enumerate(left.graph.ops):
        if i in left.own:
            call = Call(op, left.graph.values, where)
            wanted += sum(t.size for t in scratch(call) if t.home == "persistent")
        if any(where[name] in ("late", "heap") for name in op.outputs):
            most, before = max(most, _moved(before, wanted)), wanted
    return max(max(most, _moved(before, wanted)) - wanted, 0)


def _moved(before: int | None, after: int) -> int:
    """Bytes held at once while an arena that has been taken grows: itself and its copy, the rest of it not written."""
    return 2 * before if before and after > before else 0
