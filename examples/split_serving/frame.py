"""Tensors as the body of a request or an answer: this is all there is to the format, and both sides use it.

All numbers are little-endian and unsigned. A body is

| bytes | what |
|---|---|
| 4 | `EPS1` |
| 2 | how many tensors follow |

and then for each tensor, in the order of the manifest's `boundary` (request) or `back` (answer)

| bytes | what |
|---|---|
| 1 | how many axes |
| 4 each | the axes' lengths |
| 8 | how many bytes follow |
| so many | the elements, as `edgeplan/links/wire.py` encodes them |

Names, element types and encodings are not sent: the manifest has them, and both sides hold the same manifest or do not
talk. Lengths of axes are sent because an answer may have axes that depend on the data (detections); those that the
manifest knows have to agree. Nothing may stand behind the last tensor.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from edgeplan.graph import DType
from edgeplan.links.encoding import find_encoding
from edgeplan.links.wire import decode, encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FrameError", "Slot", "extent", "pack", "unpack"]

_MAGIC = b"EPS1"
_HEAD = struct.Struct("<4sH")
_RANK = struct.Struct("<B")
_BYTES = struct.Struct("<Q")

_TYPES = {t.label: t for t in DType}


class FrameError(ValueError):
    """A body that is not what the manifest says, or tensors that it cannot hold; one line, and no data in it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A tensor as the manifest announces it; an axis of None depends on the data, as does a shape of None."""

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None
    encoding: str

    def span(self, shape: Sequence[int] | None = None) -> tuple[int, int] | None:
        """The least and the most bytes on the wire of such a tensor, or of one that has that shape; None: not known."""
        if shape is None:
            if self.shape is None or None in self.shape:
                return None
            shape = [n for n in self.shape if n is not None]
        encoding = find_encoding(self.encoding)
        most = encoding.sent(_TYPES[self.dtype], prod(shape))
        if most is None:
            raise FrameError(f"{self.encoding} takes no {self.dtype}")
        body = (most if encoding.exact else min(most, encoding.header)), most
        head = _RANK.size + 4 * len(shape) + _BYTES.size
        return head + body[0], head + body[1]

    def holds(self, shape: Sequence[int]) -> bool:
        """Whether a tensor of that shape is one of these."""
        if self.shape is None:
            return True
        return len(shape) == len(self.shape) and all(a in (None, b) for a, b in zip(self.shape, shape, strict=True))


def extent(slots: Sequence[Slot]) -> tuple[int, int] | None:
    """The least and the most bytes of a body with these tensors; None where a shape depends on the data."""
    spans = [slot.span() for slot in slots]
    known = [s for s in spans if s is not None]
    if len(known) < len(spans):
        return None
    return _HEAD.size + sum(least for least, _ in known), _HEAD.size + sum(most for _, most in known)


def pack(slots: Sequence[Slot], tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """The body with these tensors, by name. Raises `FrameError` where one is missing, another, or cannot be encoded."""
    parts = [_HEAD.pack(_MAGIC, len(slots))]
    for slot in slots:
        array = tensors.get(slot.name)
        if array is None:
            raise FrameError(f"tensor {slot.name!r} is missing")
        if array.dtype.name != slot.dtype or not slot.holds(array.shape):
            raise FrameError(f"tensor {slot.name!r} is not {slot.dtype} {_shape(slot.shape)}")
        try:
            body = encode(array, slot.encoding)
        except ValueError as e:
            raise FrameError(f"tensor {slot.name!r}: {e}") from None
        parts += [_RANK.pack(array.ndim), struct.pack(f"<{array.ndim}I", *array.shape), _BYTES.pack(len(body)), body]
    return b"".join(parts)


def unpack(slots: Sequence[Slot], data: bytes) -> dict[str, NDArray[Any]]:
    """The tensors of a body, by name. Raises `FrameError` where it is not what the manifest says.

    No more memory is taken than the tensors announced need, and no length is believed before it is checked.
    """
    magic, count = _take(_HEAD, data, 0)
    if magic != _MAGIC:
        raise FrameError("this is no body of tensors")
    if count != len(slots):
        raise FrameError(f"{count} tensors, where {len(slots)} are expected")
    tensors: dict[str, NDArray[Any]] = {}
    at = _HEAD.size
    for i, slot in enumerate(slots):
        start = at
        (rank,) = _take(_RANK, data, at)
        axes = struct.Struct(f"<{rank}I")
        at += _RANK.size
        shape = _take(axes, data, at)
        at += axes.size
        if not slot.holds(shape):
            raise FrameError(f"tensor {i} has another shape than {_shape(slot.shape)}")
        (size,) = _take(_BYTES, data, at)
        at += _BYTES.size
        least, most = slot.span(shape) or (0, 0)
        if not least <= at + size - start <= most:
            raise FrameError(f"tensor {i} cannot have {size} bytes")
        if size > len(data) - at:
            raise FrameError(f"the body ends within tensor {i}")
        try:
            tensors[slot.name] = decode(data[at : at + size], slot.dtype, shape, slot.encoding)
        except ValueError as e:
            raise FrameError(f"tensor {i}: {e}") from None
        at += size
    if at != len(data):
        raise FrameError(f"{len(data) - at} bytes stand behind the last tensor")
    return tensors


def _take(form: struct.Struct, data: bytes, at: int) -> tuple[Any, ...]:
    """The numbers of that form there."""
    if len(data) - at < form.size:
        raise FrameError("the body ends too early")
    return form.unpack_from(data, at)


def _shape(shape: Sequence[int | None] | None) -> str:
    return "of any" if shape is None else "[" + ", ".join("?" if n is None else str(n) for n in shape) + "]"
