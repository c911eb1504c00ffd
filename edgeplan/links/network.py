"""The link between a device and a cloud: how fast it is up and down, how long a trip takes, what its radio draws."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import msgspec

from edgeplan.capability.rows import Source
from edgeplan.devices import normal_id
from edgeplan.finding import Evidence
from edgeplan.links.network_file import (
    NetworkFile,
    NetworkRow,
    RadioRow,
    complaints_of_figures,
    read_users,
    shipped_files,
)
from edgeplan.links.radio import Radio

__all__ = ["Network", "NetworkError", "Rate", "all_networks", "find_network"]

_KEYS: Mapping[str, str] = {"up": "up_mbps", "down": "down_mbps", "rtt": "rtt_ms", "loss": "loss", "radio": "radio"}
"""What users write, by the keys of a file."""

_FORM = "write up=5.85,down=20,rtt=50,loss=0.01 (Mbit/s, ms, part of the packets)"
_SAME_DOWN = "no downlink is known: taken to be as fast as the uplink"
_LONGEST = 200
"""Characters of what a user writes for a network, paths left out."""


class NetworkError(ValueError):
    """No such network, or a broken one; the message is one line and names near ones."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A figure of a link with its range: bits a second, or seconds of a trip."""

    low: float
    likely: float
    high: float

    @classmethod
    def of(cls, figure: float | tuple[float, float, float], times: float = 1.0, per: float = 1.0) -> Rate:
        """One number, or low, likely and high, so many `times` as much, or that much `per` so many: both round once."""
        low, likely, high = (f * times / per for f in (figure if isinstance(figure, tuple) else (figure,) * 3))
        return cls(low, likely, high)


@dataclass(frozen=True, slots=True)
class Network:
    """A link: `up` and `down` in bits a second, `rtt` in seconds, `loss` the part of packets lost, None where unknown.

    `radio` is what it takes from the battery, None where nobody measured that: `no_radio` says so. `kind` is how the
    figures came about (`measured`, `stated`, `estimated`, or `given` by the user), `year` when (0: not told), `basis`
    what low, likely and high are.
    """

    id: str
    title: str
    up: Rate
    down: Rate
    rtt: Rate | None
    loss: float | None
    radio: Radio | None
    kind: str
    year: int
    basis: str
    no_radio: str = ""
    evidence: tuple[Evidence, ...] = ()


@lru_cache(maxsize=1)
def all_networks() -> tuple[Network, ...]:
    """Every network of `rules/networks`, file by file."""
    return tuple(_network(name, row, file) for file in shipped_files().values() for name, row in file.network.items())


def find_network(name: str) -> Network:
    """The network of that id, of a user's `.toml` file, or of words as `up=5.85,down=20,rtt=50,loss=0.01`.

    Words may follow an id, too, and replace its figures: `lte-2017,rtt=50`. A figure is a number, or low, likely and
    high as `2:5.85:9`. Without `down` the downlink is taken to be as fast as the uplink, which `basis` says. Raises
    `NetworkError`.
    """
    if name.lower().endswith(".toml"):
        return _of_file(name)
    if len(name) > _LONGEST or not name.isprintable():
        raise NetworkError(f"a network is told in at most {_LONGEST} characters that can be shown")
    head, *words = (part.strip() for part in name.split(","))
    if "=" in head:
        return _of_words(name, None, [head, *words])
    known = _index().get(normal_id(head))
    if known is None:
        raise NetworkError(f"no network {head!r}; {_near(head)}")
    return _of_words(name, known, words) if words else next(n for n in all_networks() if n.id == known)


@lru_cache(maxsize=1)
def _index() -> Mapping[str, str]:
    """Ids by what people write: ids and aliases, made comparable."""
    rows = [(name, row) for file in shipped_files().values() for name, row in file.network.items()]
    return {normal_id(said): name for name, row in rows for said in (*row.aliases, name)}


def _near(name: str) -> str:
    near = get_close_matches(normal_id(name), list(_index()), n=3, cutoff=0.5)
    ids = ", ".join(dict.fromkeys(_index()[n] for n in near))
    return f"did you mean {ids}?" if ids else f"there are {', '.join(n.id for n in all_networks())}; or {_FORM}"


def _of_file(name: str) -> Network:
    try:
        file = read_users(Path(name))
        ((own, row),) = file.network.items()
        return _checked(own, row, file)
    except ValueError as e:
        raise NetworkError(f"{name!r}: {e}") from None


def _of_words(name: str, base: str | None, words: list[str]) -> Network:
    """The network that `words` tell, over the figures of the one with the id `base`."""
    told: dict[str, float | str | tuple[float, ...]] = {}
    for word in words:
        key, _, value = (part.strip() for part in word.lower().partition("="))
        if key not in _KEYS or not value:
            raise NetworkError(f"{word!r} tells nothing of a network; {_FORM}")
        if _KEYS[key] in told:
            raise NetworkError(f"{key} is told twice")
        told[_KEYS[key]] = value if key == "radio" else _figure(key, value)
    if base is None and "up_mbps" not in told:
        raise NetworkError(f"how fast is the uplink? {_FORM}")
    file = next((f for f in shipped_files().values() if base in f.network), NetworkFile())
    if base is None:
        row = {"title": name, "note": "the figures given"}
    else:
        old = msgspec.to_builtins(file.network[base])
        note = f"{', '.join(k for k, v in _KEYS.items() if v in told)} given; {old['note']}"
        row = old | {"note": note, "title": f"{old['title']}, {','.join(words)}"}
    try:
        return _checked(name, msgspec.convert(row | told, NetworkRow, strict=False), file)
    except ValueError as e:
        raise NetworkError(f"{name!r}: {e}") from None


def _figure(key: str, value: str) -> float | tuple[float, ...]:
    """`5.85`, or low, likely and high as `2:5.85:9`."""
    parts = value.split(":")
    if len(parts) not in (1, 3) or not all(re.fullmatch(r"\d*\.?\d+(e-?\d+)?", p.strip()) for p in parts):
        raise NetworkError(f"{key} is a number, or three as 2:5:9 (low, likely, high), not {value!r}")
    figures = tuple(float(p) for p in parts)
    return figures if len(figures) == 3 else figures[0]


def _checked(name: str, row: NetworkRow, file: NetworkFile) -> Network:
    """The network of a user's row. Raises `ValueError` on impossible figures and unknown radios."""
    if row.radio and row.radio not in file.radio and row.radio not in _radios():
        raise ValueError(f"no radio {row.radio!r}; there are {', '.join(_radios())}")
    rows: tuple[NetworkRow | RadioRow, ...] = (row, *file.radio.values())
    for complaint in (c for r in rows for c in complaints_of_figures(r)):
        raise ValueError(complaint)
    return _network(name, row, file)


@lru_cache(maxsize=1)
def _radios() -> Mapping[str, tuple[RadioRow, NetworkFile]]:
    return {name: (radio, file) for file in shipped_files().values() for name, radio in file.radio.items()}


def _network(name: str, row: NetworkRow, file: NetworkFile) -> Network:
    up = Rate.of(row.up_mbps, 1e6)
    down = Rate.of(row.down_mbps, 1e6) if row.down_mbps is not None else up
    rtt = Rate.of(row.rtt_ms, 1e-3) if row.rtt_ms is not None else None
    said = [row.note, _SAME_DOWN if row.down_mbps is None else "", "no round trip is known" if rtt is None else ""]
    return Network(
        name,
        row.title,
        up,
        down,
        rtt,
        row.loss,
        _radio(row.radio, file),
        row.kind,
        row.year,
        "; ".join(s for s in said if s),
        "" if row.radio else row.no_radio or "nobody told what the radio draws",
        _evidence(row.source, file.source),
    )


def _radio(name: str, file: NetworkFile) -> Radio | None:
    """A radio of the file itself, else of any that is shipped."""
    if not name:
        return None
    row, home = (file.radio[name], file) if name in file.radio else _radios()[name]
    return Radio(
        row.up_mw_per_mbps / 1e3,
        row.down_mw_per_mbps / 1e3,
        row.base_mw / 1e3,
        row.tail_s,
        row.tail_mw / 1e3,
        row.spread,
        row.why,
        _evidence(row.source, home.source),
    )


def _evidence(said: Mapping[str, str], sources: Mapping[str, Source]) -> tuple[Evidence, ...]:
    return tuple(Evidence(k, sources[k].kind, words, sources[k].url) for k, words in said.items() if k in sources)
