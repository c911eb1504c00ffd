"""The referees as data: what each asks, whom it speaks for, what it proves, and where it is known to differ."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar

import msgspec

from edgeplan.capability.rows import Source, decode, rules_dir
from edgeplan.target import Target

__all__ = ["Absent", "Chip", "Known", "Referee", "absent", "absent_sources", "fitting", "load_referee", "referee_names"]

_T = TypeVar("_T")


class Chip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a chip is called by the compiler: `says` for chips whose unit is of one of the `generations`.

    `stands_for` is the generation the answer really speaks of, where the compiler does not know the chip's own.
    """

    says: str
    generations: tuple[str, ...] = ()
    stands_for: str = ""
    why: str = ""
    source: Mapping[str, str] = {}


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A known difference between the referee and the runtime it stands for: such an answer is left out of the count.

    It speaks of `ops` (`*`: all) of the model or of its lowering, on `chips` (all when empty), when the facts of
    `when` hold (as in a row), and when the compiler's complaint holds `words`.
    """

    id: str
    why: str
    source: Mapping[str, str]
    ops: tuple[str, ...] = ("*",)
    chips: tuple[str, ...] = ()
    when: Mapping[str, Any] = {}
    words: str = ""


class Referee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vendor's compiler that runs without the device.

    `program` is the asking program, `takes` the format of the model it is given. `unit` is the unit it decides about;
    whatever it leaves goes to other units. `release` is the backend's release it speaks for; with `since`, every one
    from there on can be asked about. `chips` says where its name for the chip comes from: the `generation` of the unit
    (through `chip`), the chip's `soc_model`, or `none`.
    `compares` is what its answer can be held against: the placement op by op, or the operators of the lowering.
    `extra` is what `pip install edgeplan[extra]` needs, `packages` the distributions it consists of, `system` what has
    to be installed beside them, in words; `needs` what of that edgeplan looks for.
    """

    title: str
    backend: str
    unit: str
    release: str
    program: str
    takes: Literal["onnx", "tflite"]
    extra: str
    packages: tuple[str, ...]
    licence: str
    proves: str
    cannot: str
    compares: Literal["placement", "operators"] = "placement"
    chips: Literal["generation", "soc_model", "none"] = "none"
    chip: tuple[Chip, ...] = ()
    system: str = ""
    needs: Literal["", "vulkan"] = ""
    since: str = ""
    seconds: float = 600.0
    exception: tuple[Known, ...] = ()
    source: Mapping[str, Source] = {}
    name: str = ""


class Absent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A backend, or units of one, that nobody can be asked about off the device, and why."""

    backend: str
    why: str
    source: Mapping[str, str]
    units: tuple[str, ...] = ()


class _Absent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    absent: tuple[Absent, ...]
    source: Mapping[str, Source]


_ABSENT = "absent"


def referee_names() -> tuple[str, ...]:
    """The referees there are, by name."""
    return tuple(sorted(p.stem for p in (rules_dir() / "referees").glob("*.toml") if p.stem != _ABSENT))


@cache
def load_referee(name: str) -> Referee:
    """Read one referee. Raises `KeyError` when there is none of that name and `RulesError` on a broken file."""
    if name not in referee_names():
        raise KeyError(name)
    found: Referee = _decode(name, Referee)
    return msgspec.structs.replace(found, name=name)


@cache
def _nobody() -> _Absent:
    found: _Absent = _decode(_ABSENT, _Absent)
    return found


def absent() -> tuple[Absent, ...]:
    """What has no referee."""
    return _nobody().absent


def absent_sources() -> Mapping[str, Source]:
    """The sources that `absent` cites."""
    return _nobody().source


def _decode(name: str, kind: type[_T]) -> _T:
    return decode(rules_dir() / "referees" / f"{name}.toml", kind)


def fitting(target: Target) -> tuple[Referee, ...]:
    """The referees that can be asked about a target: those of its backend whose unit it uses."""
    units = {u.name for u in target.units}
    found = (load_referee(name) for name in referee_names())
    return tuple(r for r in found if r.backend == target.backend.name and r.unit in units)
