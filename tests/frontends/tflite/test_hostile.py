"""Files nobody should have written: one clean line or a graph, and never more work than the file is large."""

from __future__ import annotations

import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeplan.cost.parameters import parameters
from edgeplan.cost.work import work_of
from edgeplan.frontends.errors import BindingError, ModelError
from edgeplan.frontends.tflite import load_tflite
from edgeplan.memory.runtimes.litert.builtin import builtin_arena

from .writer import Same, model, tensor, write

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
FILE = (SAMPLES / "hey_jarvis.tflite").read_bytes()

CHANGES = st.lists(
    st.tuples(st.integers(0, 2**16), st.sampled_from([0, 1, 4, 127, 128, 255]), st.booleans()), min_size=1, max_size=16
)


def read(data: bytes) -> None:
    """Read a file and walk over all that was read; `ModelError` is an answer."""
    with suppress(ModelError, BindingError):
        found = load_tflite(data)
        if found.free:
            found = load_tflite(data, dims=dict.fromkeys(found.free, 3))
        for op in found.graph.ops:
            work_of(found.graph, op)
        parameters(found.graph)
        builtin_arena(found.graph)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES)
def test_flipped_bytes(changes: list[tuple[int, int, bool]]) -> None:
    data = bytearray(FILE)
    for at, value, near_end in changes:
        place = len(data) - 1 - at % 20000 if near_end else at % len(data)
        data[place] = value
    read(bytes(data))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(FILE)))
def test_cut_short(size: int) -> None:
    read(FILE[:size])


@pytest.mark.parametrize("word", [0, 1, 2**31 - 1, 2**32 - 1, 0x80000000])
def test_every_word_replaced(word: int) -> None:
    tensors = [tensor((1, 4), name="x"), tensor((2, 4), name="w", buffer=1), tensor((1, 2), name="y")]
    data = model(tensors, [("FULLY_CONNECTED", (0, 1), (2,), {"keep_num_dims": True})], buffers=[bytes(32)])
    for at in range(0, len(data) - 3, 4):
        read(data[:at] + struct.pack("<I", word) + data[at + 4 :])


def test_parts_that_are_shared_without_end_are_refused() -> None:
    op = {"opcode_index": 0, "inputs": [0] * 5000, "outputs": [1]}
    graph = {"tensors": [tensor((4,)), tensor((4,))], "operators": Same(op, 5000), "inputs": [0], "outputs": [1]}
    data = write({"operator_codes": [{"builtin_code": 106}], "buffers": [{}], "subgraphs": [graph]})
    with pytest.raises(ModelError, match="without end"):
        load_tflite(data)


def test_memory_stays_in_proportion() -> None:
    tensors = [tensor((4,), name=f"t{i}") for i in range(2000)]
    ops = [("RELU", (i,), (i + 1,)) for i in range(1999)]
    data = model(tensors, ops)
    tracemalloc.start()
    read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 * len(data)
