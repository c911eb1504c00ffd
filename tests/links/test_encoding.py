"""Encodings: what they take, and what that is in bytes and seconds."""

from __future__ import annotations

import pytest

from edgeplan.graph import DType
from edgeplan.links.encoding import ENCODINGS, EncodingError, find_encoding

RECODED = ENCODINGS[1:]


def test_each_has_a_name_and_a_sentence():
    for name in ENCODINGS:
        encoding = find_encoding(name)
        assert encoding.name == name
        assert encoding.does.endswith(".")


@pytest.mark.parametrize(
    ("name", "size"), [("raw", 4000), ("fp16", 2000), ("int8", 1004), ("uint8", 1008), ("uint8+zlib", 1008)]
)
def test_bytes_of_a_thousand_floats(name, size):
    assert find_encoding(name).sent(DType.FLOAT32, 1000) == size


@pytest.mark.parametrize("name", RECODED)
@pytest.mark.parametrize("dtype", [DType.INT64, DType.INT8, DType.BOOL, DType.BFLOAT16, DType.COMPLEX64, DType.STRING])
def test_only_floats_are_recoded(name, dtype):
    assert find_encoding(name).sent(dtype, 10) is None


def test_raw_takes_everything_that_has_a_size():
    raw = find_encoding("raw")
    assert raw.sent(DType.INT64, 10) == 80
    assert raw.sent(DType.BOOL, 10) == 10
    assert raw.sent(DType.INT4, 9) == 5
    assert raw.sent(DType.BFLOAT16, 10) == 20
    assert raw.sent(DType.STRING, 10) is None


def test_float16_is_not_sent_as_float16_again():
    assert find_encoding("fp16").sent(DType.FLOAT16, 10) is None
    assert find_encoding("int8").sent(DType.FLOAT16, 10) == 14


def test_nothing_takes_its_head_alone():
    assert [find_encoding(name).sent(DType.FLOAT32, 0) for name in ENCODINGS] == [0, 0, 4, 8, 8]


def test_only_compression_depends_on_the_data():
    assert [name for name in ENCODINGS if not find_encoding(name).exact] == ["uint8+zlib"]


def test_raw_takes_no_time():
    assert find_encoding("raw").encode_seconds(10**6).high == 0
    assert find_encoding("raw").decode_seconds(10**6).high == 0


@pytest.mark.parametrize("name", RECODED)
def test_times_grow_with_the_elements_and_say_what_they_rest_on(name):
    encoding = find_encoding(name)
    for one, two in ((encoding.encode_seconds(1000), encoding.encode_seconds(2000)),
                     (encoding.decode_seconds(1000), encoding.decode_seconds(2000))):  # fmt: skip
        assert 0 < one.low < one.likely < one.high
        assert two.likely == pytest.approx(2 * one.likely)
        assert one.basis.endswith(".")
    assert encoding.evidence


def test_compression_takes_longest():
    seconds = {name: find_encoding(name).encode_seconds(1000).likely for name in ENCODINGS}
    assert max(seconds, key=seconds.__getitem__) == "uint8+zlib"


@pytest.mark.parametrize(("name", "words"), [("uint9", "did you mean uint8"), ("abacus", "there are raw, fp16")])
def test_an_unknown_encoding_names_near_ones(name, words):
    with pytest.raises(EncodingError, match=words):
        find_encoding(name)


def test_names_are_read_whatever_their_case():
    assert find_encoding("FP16") is find_encoding("fp16")
