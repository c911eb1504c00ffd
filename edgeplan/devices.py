"""The devices and chips of `rules/devices`, each figure with its source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from edgeplan.capability.rows import RulesError, Source, decode, rules_dir
from edgeplan.finding import Confidence, Evidence, confidence

__all__ = ["Chip", "ChipUnit", "Device", "DeviceError", "Figure", "all_devices", "find_device", "normal_id"]


class DeviceError(ValueError):
    """No such device; the message is one line and names near ones."""


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value with its unit, the kind of statement it is, and where it was read.

    `os` is the release it was measured on, or a span of them ("iPadOS 26.0 to 26.3"), `measured_on` the device when it
    was another one, `entitlement` what the app must ask for. What is `assumed` is nobody's figure: `note` says what is
    taken for granted.
    """

    of: str
    value: float
    unit: Literal["KiB", "MiB", "GiB", "GB/s", "TOP/s", "TFLOP/s", "W", "USD/h"]
    kind: Literal["measured", "stated", "estimated", "assumed"]
    source: Mapping[str, str]
    note: str = ""
    os: str = ""
    measured_on: str = ""
    entitlement: str = ""

    @property
    def bytes(self) -> int:
        """The value of a memory figure in bytes."""
        return int(self.value * {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[self.unit])


class Assumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is taken for granted of a family's devices that have no such figure: `share` of their smallest `ram`."""

    of: str
    share: float
    why: str
    source: Mapping[str, str]


class ChipUnit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A compute unit a chip has: its generation, in the words of the rules, and what this very chip can do."""

    source: Mapping[str, str]
    generation: str = ""
    count: int = 1
    features: tuple[str, ...] = ()
    soc_model: int | None = None


class Chip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A system on a chip."""

    title: str
    unit: Mapping[str, ChipUnit] = {}
    figure: tuple[Figure, ...] = ()


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The releases of a backend that a device runs; an open end means as far as the backend goes."""

    since: str = ""
    until: str = ""


class _Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    chip: str
    backends: Mapping[str, Span]
    aliases: tuple[str, ...] = ()
    figure: tuple[Figure, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: Mapping[str, Source] = {}
    chip: Mapping[str, Chip] = {}
    device: Mapping[str, _Device] = {}
    assumption: tuple[Assumption, ...] = ()


class Device(msgspec.Struct, frozen=True):
    """A device with its chip; `backends` are in order of preference, the first is the default."""

    id: str
    title: str
    family: str
    chip_id: str
    chip: Chip
    backends: Mapping[str, Span]
    aliases: tuple[str, ...]
    figures: tuple[Figure, ...]
    sources: Mapping[str, Source]

    def figures_of(self, of: str) -> tuple[Figure, ...]:
        """All figures of one kind, the device's own before its chip's."""
        return tuple(f for f in (*self.figures, *self.chip.figure) if f.of == of)

    def evidence(self, figure: Figure) -> tuple[Evidence, ...]:
        """The sources of a figure."""
        found = ((k, w, self.sources.get(k)) for k, w in figure.source.items())
        return tuple(Evidence(k, s.kind, w, s.url) for k, w, s in found if s is not None)

    def confidence(self, figure: Figure, elsewhere: bool = False) -> Confidence:
        """How far a figure holds: that of its best source, a step less where it was taken over from something else."""
        if figure.kind == "assumed":
            return Confidence.LOW
        return confidence(self.evidence(figure), disputed=elsewhere or figure.kind == "estimated")


def normal_id(text: str) -> str:
    """What people write, made comparable: `iPhone 14 Pro`, `iphone-14-pro` and `iphone14pro` are one device.

    A plus is a word: a Galaxy S25+ is no Galaxy S25.
    """
    return re.sub(r"[^a-z0-9]", "", text.lower().replace("+", "plus"))


def _files() -> tuple[Path, ...]:
    return tuple(sorted((rules_dir() / "devices").glob("*.toml")))


@lru_cache(maxsize=32)
def _read(path: Path) -> _File:
    return decode(path, _File)


@lru_cache(maxsize=1)
def _index() -> Mapping[str, tuple[str, Path]]:
    """Normalised ids, titles and aliases to (id, file), read line by line: one device costs one file's parse."""
    found: dict[str, tuple[str, Path]] = {}
    for path in _files():
        for block in re.split(r"^(?=\[device\.)", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            head = block.split("\n[", 1)[0]
            heading = re.match(r"\[device\.([\w-]+)\]", head)
            if heading is None:
                continue
            names = "".join(re.findall(r"^(?:title|aliases)\s*=(.*)$", head, re.MULTILINE))
            for name in (heading[1], *re.findall(r'"([^"]+)"', names)):
                found[normal_id(name)] = (heading[1], path)
    return found


def find_device(text: str) -> Device:
    """The device of that id, title or alias. Raises `DeviceError`."""
    entry = _index().get(normal_id(text))
    if entry is None:
        near = get_close_matches(normal_id(text), list(_index()), n=3, cutoff=0.6)
        ids = ", ".join(dict.fromkeys(_index()[n][0] for n in near))
        hint = f"did you mean {ids}?" if ids else "`edgeplan devices` lists them"
        raise DeviceError(f"no device {text!r}; {hint}")
    return _device(*entry)


def all_devices() -> tuple[Device, ...]:
    """Every device, family by family, in the files' order."""
    return tuple(_device(name, path) for path in _files() for name in _read(path).device)


def _device(id: str, path: Path) -> Device:
    file = _read(path)
    raw = file.device[id]
    home = (
        next((f for f in (file, *(_read(p) for p in _files() if p != path)) if raw.chip in f.chip), None)
        if (raw.chip not in file.chip)
        else file
    )
    if home is None:
        raise RulesError(f"devices/{path.name}: device {id!r} has no chip {raw.chip!r}")
    return Device(
        id,
        raw.title,
        path.stem,
        raw.chip,
        home.chip[raw.chip],
        raw.backends,
        raw.aliases,
        (*raw.figure, *_assumed(raw.figure, file.assumption)),
        {**home.source, **file.source},
    )


def _assumed(figures: tuple[Figure, ...], assumptions: tuple[Assumption, ...]) -> Iterator[Figure]:
    """The figures that stand in for those a device lacks; none for one of unknown RAM."""
    ram = min((f for f in figures if f.of == "ram"), key=lambda f: f.bytes, default=None)
    for a in assumptions:
        if ram is not None and all(f.of != a.of for f in figures):
            yield Figure(a.of, ram.value * a.share, ram.unit, "assumed", a.source, a.why)
