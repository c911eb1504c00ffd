"""The bytes of tensors on the wire: round trips, the format, what is refused, and bytes that mean no good."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgeplan.graph import DType
from edgeplan.links.encoding import ENCODINGS, find_encoding
from edgeplan.links.wire import decode, encode

EIGHT = ("int8", "uint8", "uint8+zlib")
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
WHOLE = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint64", "bool", "complex64")
TYPES = {t.label: t for t in DType}


def floats(width: int, **limits: float) -> st.SearchStrategy[np.ndarray]:
    finite = st.floats(width=width, allow_nan=False, allow_infinity=False, **limits)
    return hnp.arrays(np.dtype(f"float{width}"), SHAPES, elements=finite)


def back(array: np.ndarray, encoding: str) -> np.ndarray:
    return decode(encode(array, encoding), array.dtype.name, array.shape, encoding)


@given(st.sampled_from(WHOLE).flatmap(lambda name: hnp.arrays(np.dtype(name), SHAPES)))
def test_raw_gives_back_every_bit(array):
    again = back(array, "raw")
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert again.tobytes() == array.tobytes()
    assert len(encode(array, "raw")) == find_encoding("raw").sent(TYPES[array.dtype.name], array.size)


@given(floats(32, min_value=-65504, max_value=65504))
def test_float16_is_off_by_half_a_step(array):
    again = back(array, "fp16")
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert np.array_equal(again, array.astype(np.float16).astype(np.float32))


@given(st.sampled_from(EIGHT), st.sampled_from([16, 32]).flatmap(floats))
def test_eight_bits_are_off_by_half_a_step(encoding, array):
    again = back(array, encoding)
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    if not array.size:
        return
    wide, seen = array.astype(np.float64), again.astype(np.float64)
    step = np.abs(wide).max() / 127 if encoding == "int8" else (wide.max() - wide.min()) / 255
    largest = np.abs(wide).max()
    rounding = largest * float(np.finfo(array.dtype).eps) + 2.0**-24  # of the type itself, and of steps below float32
    assert np.abs(wide - seen).max() <= 0.5 * step * (1 + 1e-5) + rounding


@given(st.sampled_from(ENCODINGS), floats(32, min_value=-1000, max_value=1000))
def test_the_size_is_what_the_encoding_says(encoding, array):
    sent = find_encoding(encoding).sent(DType.FLOAT32, array.size)
    size = len(encode(array, encoding))
    assert size == sent if find_encoding(encoding).exact else size <= sent


@given(st.sampled_from(ENCODINGS), floats(32, min_value=-1000, max_value=1000))
def test_the_same_tensor_gives_the_same_bytes(encoding, array):
    assert encode(array, encoding) == encode(array.copy(), encoding)
    assert encode(np.asfortranarray(array), encoding) == encode(array, encoding)
    assert encode(array.astype(">f4"), encoding) == encode(array, encoding)


@pytest.mark.parametrize("encoding", EIGHT)
@pytest.mark.parametrize("value", [0.0, -3.25, 7e-40, 3e38])
def test_one_value_comes_back(encoding, value):
    array = np.full((2, 3), value, np.float32)
    again = back(array, encoding)
    if encoding == "int8":
        assert np.allclose(again, array, rtol=1e-6, atol=1e-38)
    else:
        assert np.array_equal(again, array)


def test_the_whole_range_of_float32_fits():
    array = np.array([-3.4e38, 0, 3.4e38], np.float32)
    for encoding in EIGHT:
        assert np.allclose(back(array, encoding), array, atol=3.4e38 / 127)


def test_the_format():
    array = np.array([-1, 0, 0.5, 4.1], np.float32)
    assert encode(np.array([1, -2], np.int16), "raw") == b"\x01\x00\xfe\xff"
    assert encode(np.array([1.0], np.float32), "fp16") == b"\x00\x3c"
    scale = np.float32(4.1) / 127
    assert encode(array, "int8") == struct.pack("<f", scale) + bytes([256 - 31, 0, 15, 127])
    low, scale = -1.0, float(np.float32(5.1 / 255))
    assert encode(array, "uint8") == struct.pack("<ff", low, scale) + bytes([0, 50, 75, 255])


def test_zlib_is_used_where_it_is_shorter_only():
    flat = np.zeros(1000, np.float32)
    flat[0] = 1
    packed = encode(flat, "uint8+zlib")
    assert zlib.decompress(packed[8:]) == bytes([255, *[0] * 999])
    noise = np.random.default_rng(1).integers(0, 256, 64).astype(np.float32)
    assert encode(noise, "uint8+zlib") == encode(noise, "uint8")


@pytest.mark.parametrize("encoding", EIGHT)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_eight_bits_cannot_say_is_refused(encoding, value):
    with pytest.raises(ValueError, match="NaN or infinite"):
        encode(np.array([1, value], np.float32), encoding)


def test_float16_keeps_nan_and_infinities_and_refuses_overflow():
    array = np.array([np.nan, np.inf, -np.inf, 65504], np.float32)
    assert np.array_equal(back(array, "fp16"), array, equal_nan=True)
    assert back(np.array([65519.0]), "fp16")[0] == 65504
    for value in (65520, -1e9):
        with pytest.raises(ValueError, match="65504"):
            encode(np.array([value], np.float32), "fp16")


def test_float64_beyond_float32_is_refused():
    for encoding in EIGHT:
        with pytest.raises(ValueError, match="float32"):
            encode(np.array([1e300, 0]), encoding)


@pytest.mark.parametrize(
    ("array", "encoding"),
    [
        (np.zeros(3, np.int32), "fp16"),
        (np.zeros(3, bool), "uint8"),
        (np.zeros(3, np.float16), "fp16"),
        (np.zeros(3, object), "raw"),
        (np.zeros(3, "U4"), "raw"),
        (np.zeros(3, np.float32), "abacus"),
    ],
)
def test_what_does_not_apply_is_refused(array, encoding):
    with pytest.raises(ValueError, match=r"takes no|no encoding"):
        encode(array, encoding)
    with pytest.raises(ValueError, match=r"takes no|no encoding"):
        decode(b"", array.dtype.name, (3,), encoding)


ONE = struct.pack("<f", 1)
TWO = struct.pack("<ff", 0, 1)


@pytest.mark.parametrize(
    ("data", "dtype", "shape", "encoding", "words"),
    [
        (b"\0" * 11, "float32", (3,), "raw", "11 bytes of elements, where 12"),
        (b"\0" * 13, "float32", (3,), "raw", "13 bytes"),
        (b"", "float32", (1 << 40, 1 << 40), "raw", "0 bytes"),
        (b"\0" * 5, "float32", (3,), "fp16", "where 6"),
        (b"\0\2", "bool", (2,), "raw", "neither 0 nor 1"),
        (b"\0\0", "float32", (2,), "int8", "head alone takes 4"),
        (b"\0" * 7, "float32", (0,), "uint8", "head alone takes 8"),
        (ONE + b"\0", "float32", (2,), "int8", "1 bytes of elements, where 2"),
        (TWO + b"\0\0\0", "float32", (2,), "uint8+zlib", "3 bytes of elements"),
        (struct.pack("<f", float("nan")) + b"\0", "float32", (1,), "int8", "finite scale"),
        (struct.pack("<f", -1) + b"\0", "float32", (1,), "int8", "finite scale"),
        (struct.pack("<ff", float("inf"), 1) + b"\0", "float32", (1,), "uint8", "finite scale"),
        (TWO + b"junk", "float32", (9,), "uint8+zlib", "broken zlib stream"),
        (TWO + zlib.compress(b"\0" * 99), "float32", (98,), "uint8+zlib", "more than the 98 bytes"),
        (TWO + zlib.compress(b"\0" * 97), "float32", (98,), "uint8+zlib", "97 bytes of elements, where 98"),
        (TWO + zlib.compress(b"\0" * 98)[:-1], "float32", (98,), "uint8+zlib", "ends too early"),
        (TWO + zlib.compress(b"\0" * 98) + b"!", "float32", (98,), "uint8+zlib", "ends too early, or something"),
        (b"", "float32", (-1, 0), "raw", "no tensor has the shape"),
    ],
)
def test_bytes_that_are_no_such_tensor_are_refused(data, dtype, shape, encoding, words):
    with pytest.raises(ValueError, match=words) as caught:
        decode(data, dtype, shape, encoding)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_not_unpacked():
    bomb = TWO + zlib.compress(b"\0" * 50_000_000)  # 50 MB in 50 kB
    with pytest.raises(ValueError, match="more than the 60000 bytes"):
        decode(bomb, "float32", (60_000,), "uint8+zlib")


@given(
    st.binary(max_size=80), st.sampled_from(ENCODINGS), st.sampled_from(["float32", "float16", "bool", "int64"]), SHAPES
)
def test_any_bytes_are_a_tensor_or_refused(data, encoding, dtype, shape):
    with suppress(ValueError):
        array = decode(data, dtype, shape, encoding)
        assert (array.dtype.name, array.shape) == (dtype, shape)
        assert encoding not in EIGHT or np.isfinite(array).all()


def test_what_is_read_may_be_written_to():
    array = decode(b"\0" * 12, "float32", (3,), "raw")
    array += 1
    assert array.tolist() == [1, 1, 1]
