"""Tensors as bytes on the wire, in each of the encodings of `rules/networks/encodings.toml`.

All numbers are little-endian, elements row-major. Type and shape are not sent: both ends have them from the manifest.

| encoding | bytes |
|---|---|
| raw | the elements as they are |
| fp16 | the elements as float16, rounded to nearest even |
| int8 | scale (float32), then the elements as int8: x = scale * q, q from -127 to 127 |
| uint8 | low and scale (float32), then the elements as uint8: x = low + scale * q |
| uint8+zlib | low and scale, then the uint8 elements: as a zlib stream of level 1 where that is shorter |

The body of uint8+zlib is a stream exactly when it is shorter than the tensor has elements: it is never longer than
uint8's. Where all elements are one value, scale is 0 and uint8 gives it back as float32 holds it; so does int8 zeros.

NaN and infinities pass through raw and fp16. int8 and uint8 have no code for them, and fp16 none for what is finite and
beyond 65504: such a tensor is refused, never clamped, for a clamped activation is a wrong answer that nobody sees.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEVEL", "decode", "encode"]

LEVEL = 1
"""zlib's level: the fastest that compresses."""

_ONE = struct.Struct("<f")
_TWO = struct.Struct("<ff")
_WHOLE = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "complex64", "complex128")
_FLOATS = ("float16", "float32", "float64")


def encode(array: NDArray[Any], encoding: str) -> bytes:
    """The array in that encoding. Raises `ValueError` where the encoding cannot say it."""
    import numpy as np

    name = array.dtype.name
    _known(name, encoding)
    if encoding == "raw":
        return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    if encoding == "fp16":
        with np.errstate(over="ignore"):
            half = array.astype("<f2")
        if (np.isinf(half) & np.isfinite(array)).any():
            raise ValueError("a value is beyond what float16 can say (65504): send this tensor raw")
        return half.tobytes()
    flat = array.astype(np.float64).ravel()
    if not np.isfinite(flat).all():
        raise ValueError(f"a value is NaN or infinite, for which {encoding} has no code: send this tensor raw")
    if encoding == "int8":
        scale = _scale(np.abs(flat).max(initial=0.0), 127)
        return _ONE.pack(scale) + _steps(flat, 0.0, scale, -127, 127).astype(np.int8).tobytes()
    low, scale = _affine(flat)
    codes = _steps(flat, low, scale, 0, 255).astype(np.uint8).tobytes()
    if encoding == "uint8+zlib":
        packed = zlib.compress(codes, LEVEL)
        codes = packed if len(packed) < len(codes) else codes
    return _TWO.pack(low, scale) + codes


def decode(data: bytes, dtype: str, shape: Sequence[int], encoding: str) -> NDArray[Any]:
    """The array of that element type (`float32`) and shape. Raises `ValueError` on bytes that are no such tensor.

    A stream that unpacks to more than the shape holds is refused without being unpacked further.
    """
    import numpy as np

    _known(dtype, encoding)
    if any(n < 0 for n in shape):
        raise ValueError(f"no tensor has the shape {list(shape)}")
    kind, count = np.dtype(dtype), prod(shape)
    if encoding in ("raw", "fp16"):
        wire = np.dtype("<f2") if encoding == "fp16" else kind.newbyteorder("<")
        _right(len(data), count * wire.itemsize)
        if dtype == "bool" and np.frombuffer(data, np.uint8).max(initial=0) > 1:
            raise ValueError("a byte of a bool tensor is neither 0 nor 1")
        return np.frombuffer(data, wire).astype(kind).reshape(shape)
    head = _ONE if encoding == "int8" else _TWO
    if len(data) < head.size:
        raise ValueError(f"{len(data)} bytes, but the head alone takes {head.size}")
    *low, scale = head.unpack_from(data)
    if not np.isfinite([*low, scale]).all() or scale < 0:
        raise ValueError("the head holds no finite scale")
    body = data[head.size :]
    if encoding == "uint8+zlib" and len(body) < count:
        body = _unpacked(body, count)
    _right(len(body), count)
    codes = np.frombuffer(body, np.int8 if encoding == "int8" else np.uint8).astype(np.float64)
    most = float(np.finfo(kind).max)
    values: NDArray[Any] = np.clip(codes * scale + sum(low), -most, most)
    return values.astype(kind).reshape(shape)


def _known(dtype: str, encoding: str) -> None:
    """Raises `ValueError` where the encoding does not exist, or does not take the type."""
    if encoding not in ("raw", "fp16", "int8", "uint8", "uint8+zlib"):
        raise ValueError(f"no encoding {encoding!r}")
    takes = {"raw": (*_FLOATS, *_WHOLE), "fp16": ("float32", "float64")}.get(encoding, _FLOATS)
    if dtype not in takes:
        raise ValueError(f"{encoding} takes no {dtype}")


def _right(found: int, expected: int) -> None:
    if found != expected:
        raise ValueError(f"{found} bytes of elements, where {expected} are expected")


def _unpacked(body: bytes, count: int) -> bytes:
    """A zlib stream of exactly `count` bytes, and nothing behind it."""
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(body, count + 1)
    except zlib.error as e:
        raise ValueError(f"a broken zlib stream: {e}") from None
    if len(found) > count:
        raise ValueError(f"the zlib stream holds more than the {count} bytes expected")
    if not stream.eof or stream.unused_data:
        raise ValueError("the zlib stream ends too early, or something stands behind it")
    return found


def _affine(flat: NDArray[Any]) -> tuple[float, float]:
    """The least value and the scale from it to the greatest, as float32 holds them."""
    if not flat.size:
        return 0.0, 0.0
    low = _float32(float(flat.min()))
    return low, _scale(float(flat.max()) - low, 255)


def _scale(span: float, steps: int) -> float:
    """The step that `steps` of which cover the span, as float32 holds it."""
    return _float32(max(span, 0.0) / steps)


def _float32(value: float) -> float:
    try:
        return float(_ONE.unpack(_ONE.pack(value))[0])
    except OverflowError:
        raise ValueError("a value is beyond what float32 can say: send this tensor raw") from None


def _steps(flat: NDArray[Any], low: float, scale: float, least: int, most: int) -> NDArray[Any]:
    """The nearest step for each value; a span too small for float32 is no step at all."""
    import numpy as np

    if not scale:
        return np.zeros(flat.size)
    steps: NDArray[Any] = np.clip(np.rint((flat - low) / scale), least, most)
    return steps
