"""Weights are cut out of the bytes; everything else stays byte for byte."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, numpy_helper

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx import load_onnx
from edgeplan.frontends.onnx.wire import ELEMENTS, KEEP, RAW, strip_weights

LARGE = KEEP // 4 + 1
"""float32 elements that just exceed what is kept."""


def model(*weights: TensorProto, nodes: list | None = None) -> ModelProto:
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N"]) for n in "xy")
    nodes = nodes or [helper.make_node("Relu", ["x"], ["y"], name="act")]
    graph = helper.make_graph(nodes, "g", [x], [y], list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def strip(m: ModelProto) -> ModelProto:
    return ModelProto.FromString(strip_weights(memoryview(m.SerializeToString())))


def notes(t: TensorProto) -> dict[str, int]:
    return {e.key: int(e.value) for e in t.external_data}


def raw(count: int, name: str = "w") -> TensorProto:
    return numpy_helper.from_array(np.arange(count, dtype=np.float32), name)


def typed(kind: int, count: int) -> TensorProto:
    return helper.make_tensor("w", kind, [count], np.ones(count))


def test_a_model_without_large_weights_stays_as_it_is() -> None:
    data = model(raw(KEEP // 4)).SerializeToString()
    assert strip_weights(memoryview(data)) == data


def test_a_large_payload_becomes_a_note_and_nothing_else_changes() -> None:
    before = model(raw(8, "small"), raw(LARGE))
    after = strip(before)
    assert notes(after.graph.initializer[1]) == {RAW: 4 * LARGE}
    assert after.graph.initializer[1].raw_data == b""
    del after.graph.initializer[1].external_data[:]
    before.graph.initializer[1].ClearField("raw_data")
    assert after.SerializeToString() == before.SerializeToString()


@pytest.mark.parametrize(
    ("kind", "entries"),
    [
        (TensorProto.FLOAT, 20000),
        (TensorProto.DOUBLE, 20000),
        (TensorProto.INT64, 20000),
        (TensorProto.INT32, 20000),
        (TensorProto.UINT64, 20000),
        (TensorProto.FLOAT16, 20000),
        (TensorProto.BOOL, 20000),
        (TensorProto.INT4, 10000),
        (TensorProto.COMPLEX64, 40000),
    ],
)
def test_typed_payloads_are_counted_in_entries_of_their_field(kind: int, entries: int) -> None:
    stripped = strip(model(typed(kind, 20000)))
    assert notes(stripped.graph.initializer[0]) == {ELEMENTS: entries}
    assert stripped.ByteSize() < KEEP
    load_onnx(stripped)


def test_a_payload_in_several_packed_parts_is_counted_whole() -> None:
    whole = typed(TensorProto.FLOAT, 3 * LARGE)
    part = TensorProto(float_data=[1.0] * LARGE).SerializeToString()
    whole.ClearField("float_data")
    tensor = whole.SerializeToString() + 3 * part
    m = model()
    m.graph.initializer.append(TensorProto.FromString(tensor))
    stripped = TensorProto.FromString(_stripped_tensor(tensor))
    assert notes(stripped) == {ELEMENTS: 3 * LARGE}


def _stripped_tensor(tensor: bytes) -> bytes:
    from edgeplan.frontends.onnx.wire import _tensor

    return _tensor(memoryview(tensor))


def test_unpacked_elements_are_left_to_protobuf() -> None:
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[3], name="w")
    unpacked = tensor.SerializeToString() + 3 * (bytes([4 << 3 | 5]) + np.float32(2).tobytes())
    assert list(TensorProto.FromString(_stripped_tensor(unpacked)).float_data) == [2.0] * 3


def test_constants_in_nodes_and_in_the_bodies_of_bodies_are_cut_too() -> None:
    def branch(inner: list, out: str) -> object:
        return helper.make_graph(inner, "b", [], [helper.make_tensor_value_info(out, TensorProto.FLOAT, None)])

    leaf = helper.make_node("Constant", [], ["k"], value=raw(LARGE))
    other = helper.make_node("Identity", ["x"], ["e"])
    condition = helper.make_node("Constant", [], ["c"], value=helper.make_tensor("c", TensorProto.BOOL, [], [True]))
    inner = helper.make_node("If", ["c"], ["i"], then_branch=branch([leaf], "k"), else_branch=branch([other], "e"))
    again = helper.make_node("Identity", ["x"], ["f"])
    outer = helper.make_node("If", ["c"], ["y"], then_branch=branch([inner], "i"), else_branch=branch([again], "f"))
    stripped = strip(model(nodes=[condition, outer]))
    assert stripped.ByteSize() < KEEP
    nested = stripped.graph.node[1].attribute
    then = next(a.g for a in nested if a.name == "then_branch").node[0].attribute
    constant = next(a.g for a in then if a.name == "then_branch").node[0].attribute[0].t
    assert notes(constant) == {RAW: 4 * LARGE}


def test_sparse_weights_are_cut() -> None:
    m = model()
    values, indices = raw(LARGE, "s"), numpy_helper.from_array(np.arange(LARGE), "i")
    m.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [10**6]))
    assert strip(m).ByteSize() < KEEP


def test_weights_cost_no_memory(tmp_path) -> None:
    import tracemalloc

    file = tmp_path / "m.onnx"
    file.write_bytes(model(*(raw(2**20, f"w{i}") for i in range(8))).SerializeToString())
    tracemalloc.start()
    load_onnx(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**21 < file.stat().st_size


WHOLE = model(raw(LARGE), typed(TensorProto.INT64, 9000)).SerializeToString()


def read(data: bytes) -> None:
    """The bytes are stripped, or refused with a ModelError: nothing else."""
    with suppress(ModelError):
        assert len(strip_weights(memoryview(data))) <= len(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_stripped_or_refused(data: bytes) -> None:
    read(data)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_truncated_file_is_stripped_or_refused(length: int) -> None:
    read(WHOLE[:length])


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 7)), min_size=1, max_size=4))
def test_flipped_bits_are_stripped_or_refused(flips: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for at, bit in flips:
        data[at] ^= 1 << bit
    read(bytes(data))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_file_is_loaded_or_refused(tmp_path_factory, data: st.DataObject) -> None:
    damaged = bytearray(WHOLE[: data.draw(st.sampled_from([len(WHOLE), len(WHOLE) - 1, 9000, 40, 10]))])
    for at in data.draw(st.lists(st.integers(0, min(len(damaged), 120) - 1), max_size=3)):
        damaged[at] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.getbasetemp() / "damaged.onnx"
    file.write_bytes(damaged)
    with suppress(ModelError):
        load_onnx(file)


def test_messages_in_messages_end_somewhere() -> None:
    data = bytes(KEEP + 1)
    for _ in range(60):  # GraphProto.node > NodeProto.attribute > AttributeProto.g > ...
        for number in (6, 5, 1):
            data = bytes([number << 3 | 2]) + _varint(len(data)) + data
    with pytest.raises(ModelError, match="nests messages deeper"):
        strip_weights(memoryview(b"\x3a" + _varint(len(data)) + data))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
