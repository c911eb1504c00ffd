"""How a tensor is sent: as it is, in float16, or as 8-bit codes; what that takes in bytes and in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal

import msgspec

from edgeplan.capability.rows import RulesError, Source, decode, rules_dir
from edgeplan.cost.estimate import Estimate
from edgeplan.finding import Evidence
from edgeplan.graph import DType

__all__ = ["ENCODINGS", "Encoding", "EncodingError", "EncodingFile", "EncodingRow", "find_encoding", "read_encodings"]

ENCODINGS = ("raw", "fp16", "int8", "uint8", "uint8+zlib")
"""The names of all encodings, the most exact first."""


class EncodingError(ValueError):
    """No such encoding; the message is one line and names near ones."""


class EncodingRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An encoding as it stands in `rules/networks/encodings.toml`.

    Elements take `bits` on the wire (0: as they are) behind `header` bytes. `takes` are the element types it is for
    (none: all). `encode` and `decode` are 10^9 elements a second (low, likely, high), absent where no work is done.
    With `exact` false the size depends on the data, and is at most what `bits` says.
    """

    title: str
    does: str
    bits: Literal[0, 8, 16] = 0
    header: int = 0
    takes: tuple[str, ...] = ()
    exact: bool = True
    encode: tuple[float, float, float] | None = None
    decode: tuple[float, float, float] | None = None
    why: str = ""
    source: Mapping[str, str] = {}


class EncodingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All encodings, with their sources."""

    source: Mapping[str, Source] = {}
    encoding: Mapping[str, EncodingRow] = {}


@dataclass(frozen=True, slots=True)
class Encoding:
    """A way to send a tensor; `does` says in a sentence what it does, `why` what its speeds rest on.

    `takes` are the element types it is for; tensors of others go raw. `exact` says that `sent` is the very size: where
    it is false the data decide, and `sent` is the most it can be.
    """

    name: str
    title: str
    does: str
    takes: frozenset[DType]
    exact: bool
    bits: int
    header: int
    encode: tuple[float, float, float] | None
    decode: tuple[float, float, float] | None
    why: str
    evidence: tuple[Evidence, ...]

    def sent(self, dtype: DType, elements: int) -> int | None:
        """Bytes on the wire; None where the encoding is not for that type, so that the tensor goes raw."""
        if dtype not in self.takes:
            return None
        return self.header + -(-elements * (self.bits or dtype.bits) // 8)

    def encode_seconds(self, elements: int) -> Estimate:
        """What making the bytes of so many elements takes, on a phone's processor or a server's."""
        return self._seconds(elements, self.encode)

    def decode_seconds(self, elements: int) -> Estimate:
        """What reading them back takes."""
        return self._seconds(elements, self.decode)

    def _seconds(self, elements: int, speed: tuple[float, float, float] | None) -> Estimate:
        if speed is None:
            return Estimate(0.0, 0.0, 0.0, self.why)
        slow, likely, fast = (elements / (rate * 1e9) for rate in speed)
        return Estimate(fast, likely, slow, self.why)


def find_encoding(name: str) -> Encoding:
    """The encoding of that name. Raises `EncodingError`."""
    found = _all().get(name.lower())
    if found is None:
        near = get_close_matches(name.lower(), ENCODINGS, n=2, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(ENCODINGS)}"
        raise EncodingError(f"no encoding {name[:60]!r}; {hint}")
    return found


@lru_cache(maxsize=1)
def read_encodings() -> EncodingFile:
    """`rules/networks/encodings.toml`. Raises `RulesError` on a broken one."""
    return decode(rules_dir() / "networks" / "encodings.toml", EncodingFile)


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Encoding]:
    file = read_encodings()
    types = {t.label: t for t in DType}
    if tuple(file.encoding) != ENCODINGS or any(t not in types for row in file.encoding.values() for t in row.takes):
        raise RulesError(f"networks/encodings.toml: holds {', '.join(ENCODINGS)}, each for known types")
    return {
        name: Encoding(
            name,
            row.title,
            row.does,
            frozenset(types[t] for t in row.takes) if row.takes else frozenset(t for t in DType if t.bits),
            row.exact,
            row.bits,
            row.header,
            row.encode,
            row.decode,
            row.why,
            tuple(Evidence(k, file.source[k].kind, w, file.source[k].url) for k, w in row.source.items()),
        )
        for name, row in file.encoding.items()
    }
