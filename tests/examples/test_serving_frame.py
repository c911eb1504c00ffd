import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.split_serving.frame import FrameError, Slot, extent, pack, unpack

SLOTS = (
    Slot("a", "float32", (2, 3), "raw"),
    Slot("b", "float32", (4, 4), "uint8+zlib"),
    Slot("c", "int64", (), "raw"),
)
LOT = np.random.default_rng(0)
TENSORS = {
    "a": LOT.standard_normal((2, 3), dtype=np.float32),
    "b": LOT.standard_normal((4, 4), dtype=np.float32),
    "c": np.array(7),
}


def test_tensors_come_back():
    found = unpack(SLOTS, pack(SLOTS, TENSORS))
    assert list(found) == ["a", "b", "c"]
    assert np.array_equal(found["a"], TENSORS["a"])
    assert np.abs(found["b"] - TENSORS["b"]).max() < 0.02
    assert found["c"] == 7
    assert found["c"].shape == ()


@pytest.mark.parametrize("encoding", ["raw", "fp16", "int8", "uint8", "uint8+zlib"])
@pytest.mark.parametrize("shape", [(), (0, 3), (5, 7)])
def test_a_body_is_as_long_as_announced(encoding, shape):
    slots = (Slot("t", "float32", shape, encoding),)
    body = pack(slots, {"t": np.zeros(shape, np.float32)})
    least, most = extent(slots)
    assert least <= len(body) <= most
    assert least == most or encoding == "uint8+zlib"
    assert unpack(slots, body)["t"].shape == shape


def test_axes_that_depend_on_the_data_are_sent():
    boxes = (Slot("boxes", "float32", (1, None, 4), "raw"),)
    for count in (0, 9):
        assert unpack(boxes, pack(boxes, {"boxes": np.ones((1, count, 4), np.float32)}))["boxes"].shape == (1, count, 4)
    anything = (Slot("boxes", "float32", None, "raw"),)
    assert unpack(anything, pack(anything, {"boxes": np.ones((2, 5), np.float32)}))["boxes"].shape == (2, 5)
    assert extent(boxes) is None
    assert extent(anything) is None


def test_what_the_manifest_does_not_announce_is_not_packed():
    for wrong in (np.zeros((2, 4), np.float32), np.zeros((2, 3)), np.zeros((3, 2), np.float32)):
        with pytest.raises(FrameError, match="'a' is not float32 "):
            pack(SLOTS, TENSORS | {"a": wrong})
    with pytest.raises(FrameError, match="'b' is missing"):
        pack(SLOTS, {"a": TENSORS["a"]})
    with pytest.raises(FrameError, match="'b': a value is NaN"):
        pack(SLOTS, TENSORS | {"b": np.full((4, 4), np.nan, np.float32)})


def test_a_broken_body_is_refused():
    body = pack(SLOTS, TENSORS)
    for broken, why in (
        (b"", "too early"),
        (b"GET / HTTP/1.1\r\n\r\n", "no body of tensors"),
        (body[:4] + b"\x02\x00" + body[6:], "2 tensors, where 3"),
        (body[:7] + struct.pack("<2I", 3, 2) + body[15:], r"tensor 0 has another shape than \[2, 3\]"),
        (body[:6] + b"\xff" + body[7:], "too early"),
        (body[:15] + struct.pack("<Q", 1 << 63) + body[23:], "tensor 0 cannot have"),
        (body[:-1], "ends within tensor 2"),
        (body + b"\0", "1 bytes stand behind"),
    ):
        with pytest.raises(FrameError, match=why):
            unpack(SLOTS, broken)


def test_a_huge_shape_takes_no_memory():
    slots = (Slot("t", "float32", (None, None), "raw"),)
    for shape, size, why in (((2**20, 2**20), 2**42, "ends within"), ((2**31, 2**31), 4, "cannot have")):
        with pytest.raises(FrameError, match=why):
            unpack(slots, b"EPS1\x01\x00\x02" + struct.pack("<2IQ", *shape, size) + b"....")


@given(st.binary(max_size=200), st.integers(0, 200))
def test_noise_is_refused_or_has_the_announced_form(noise, at):
    body = bytearray(pack(SLOTS, TENSORS))
    body[at : at + len(noise)] = noise
    try:
        found = unpack(SLOTS, bytes(body))
    except FrameError:
        pass
    else:
        assert [(a.shape, a.dtype.name) for a in found.values()] == [(s.shape, s.dtype) for s in SLOTS]
