"""A file of networks as it stands in `rules/networks/*.toml`, and as users write their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from edgeplan.capability.rows import Source, decode, rules_dir
from edgeplan.links.limits import outside
from edgeplan.links.user_file import read_users_toml

__all__ = ["NetworkFile", "NetworkRow", "RadioRow", "complaints_of_figures", "read_users", "shipped_files"]

_Figure = float | tuple[float, float, float]
_Kind = Literal["measured", "stated", "estimated", "given"]

_LIMITS: Mapping[str, tuple[float, float]] = {
    "up_mbps": (1e-6, 1e6),
    "down_mbps": (1e-6, 1e6),
    "rtt_ms": (0.0, 1e5),
    "loss": (0.0, 0.9),
    "up_mw_per_mbps": (0.0, 1e5),
    "down_mw_per_mbps": (0.0, 1e5),
    "base_mw": (0.0, 1e5),
    "tail_mw": (0.0, 1e5),
    "tail_s": (0.0, 1e3),
}
"""What can be meant: from 1 bit/s to 1 Tbit/s, trips up to 100 s, 100 W; what lies outside is a wrong unit."""


class NetworkRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A network: figures as one number or (low, likely, high), absent where nobody published them.

    `note` says what the three figures are. `radio` names a `RadioRow`; without one `no_radio` says why.
    """

    title: str
    up_mbps: _Figure
    down_mbps: _Figure | None = None
    rtt_ms: _Figure | None = None
    loss: float | None = None
    year: int = 0
    kind: _Kind = "given"
    radio: str = ""
    no_radio: str = ""
    note: str = ""
    aliases: tuple[str, ...] = ()
    source: Mapping[str, str] = {}


class RadioRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The power of a radio: milliwatts per Mbit/s, and beside traffic; `why` says of which device it is."""

    up_mw_per_mbps: float
    down_mw_per_mbps: float
    base_mw: float
    tail_s: float
    tail_mw: float
    spread: tuple[float, float]
    why: str
    source: Mapping[str, str] = {}


class NetworkFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One family of networks with its radios and sources."""

    source: Mapping[str, Source] = {}
    radio: Mapping[str, RadioRow] = {}
    network: Mapping[str, NetworkRow] = {}


@lru_cache(maxsize=1)
def shipped_files() -> Mapping[str, NetworkFile]:
    """The families of `rules/networks` by name. Raises `RulesError` on a broken file."""
    paths = sorted((rules_dir() / "networks").glob("*.toml"))
    return {p.stem: decode(p, NetworkFile) for p in paths if p.stem != "encodings"}


def read_users(path: Path) -> NetworkFile:
    """A user's file of one network. Raises `ValueError` with one line that says what is wrong with it."""
    file = read_users_toml(path, NetworkFile)
    if len(file.network) != 1:
        raise ValueError(f"it holds one [network.NAME], not {len(file.network)}")
    return file


def complaints_of_figures(row: NetworkRow | RadioRow) -> Iterator[str]:
    """What is impossible about a row's figures, each complaint with the key."""
    yield from outside(row, _LIMITS)
    if isinstance(row, RadioRow) and not (0 < row.spread[0] <= 1 <= row.spread[1] <= 1e3):
        yield "spread holds a factor below 1 and one above"
