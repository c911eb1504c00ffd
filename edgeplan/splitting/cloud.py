"""The other side of a split: a server or an edge box as a target, how busy it is, and what an hour of it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeplan.finding import Evidence
from edgeplan.links.limits import outside
from edgeplan.links.network import Rate
from edgeplan.links.user_file import read_users_toml
from edgeplan.target import Target, TargetError, resolve

__all__ = ["Cloud", "CloudError", "find_cloud"]

_NONE = Rate(0.0, 0.0, 0.0)
_SAME = Rate(1.0, 1.0, 1.0)
_IDLE = "as planned: an idle server, on which no request waits"

_LIMITS: Mapping[str, tuple[float, float]] = {
    "slower": (1e-3, 1e3),
    "queue_ms": (0.0, 1e5),
    "milliseconds": (1e-6, 1e7),
    "price_per_hour": (0.0, 1e5),
}
"""What can be meant: a factor of a thousand, 100 s in a queue, three hours of computing; the rest is a wrong unit."""


class CloudError(ValueError):
    """No such cloud, or a broken file; the message is one line and names near ones."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where the rest of a model runs: a `target` like any other.

    `queue` are seconds that a request waits and is served beside computing and the network, `slower` is what the
    planned time is multiplied with, `measured` the seconds that the whole model takes there as somebody timed it:
    planned times are then scaled to that. `price_per_hour` is in USD, None where no price is known; `price_note` says
    of what. `basis` says in a sentence what queue, slower and measured rest on.
    """

    id: str
    title: str
    target: Target
    queue: Rate = _NONE
    slower: Rate = _SAME
    measured: Rate | None = None
    price_per_hour: float | None = None
    price_note: str = ""
    basis: str = _IDLE
    evidence: tuple[Evidence, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user's file: `device` is an id of `edgeplan devices`; figures are one number, or low, likely and high."""

    device: str
    title: str = ""
    backend: str = ""
    release: str = ""
    slower: float | tuple[float, float, float] = 1.0
    queue_ms: float | tuple[float, float, float] = 0.0
    milliseconds: float | tuple[float, float, float] | None = None
    price_per_hour: float | None = None
    price_note: str = ""


def find_cloud(name: str, *, backend: str | None = None, release: str | None = None) -> Cloud:
    """The cloud of a device's id, title or alias, or of a user's `.toml` file.

    `backend` and `release` go before what a file says. Raises `CloudError`.
    """
    if name.lower().endswith(".toml"):
        return _of_file(name, backend, release)
    target = _target(name, backend, release)
    price, note, evidence = _price(target)
    title = target.device.title
    return Cloud(target.device.id, title, target, price_per_hour=price, price_note=note, evidence=evidence)


def _of_file(name: str, backend: str | None, release: str | None) -> Cloud:
    try:
        file = read_users_toml(Path(name), _File)
    except ValueError as e:
        raise CloudError(f"{name!r}: {e}") from None
    wrong = next(_complaints(file), None)
    if wrong:
        raise CloudError(f"{name!r}: {wrong}")
    try:
        target = _target(file.device, backend or file.backend or None, release or file.release or None)
    except CloudError as e:
        raise CloudError(f"{name!r}: {e}") from None
    price, note, evidence = _price(target)
    if file.price_per_hour is not None:
        price, note, evidence = file.price_per_hour, file.price_note or "the price given", ()
    return Cloud(
        Path(name).stem,
        file.title or target.device.title,
        target,
        Rate.of(file.queue_ms, per=1000),
        Rate.of(file.slower),
        None if file.milliseconds is None else Rate.of(file.milliseconds, per=1000),
        price,
        note,
        _basis(file),
        evidence,
    )


def _target(device: str, backend: str | None, release: str | None) -> Target:
    try:
        return resolve(device, backend, release)
    except TargetError as e:
        raise CloudError(str(e)) from None


def _price(target: Target) -> tuple[float | None, str, tuple[Evidence, ...]]:
    """USD an hour for the device as a rule file has it, of what, and who says so."""
    found = next(iter(target.device.figures_of("price")), None)
    if found is None:
        return None, "", ()
    evidence = target.device.evidence(found)
    said = "; ".join(e.words for e in evidence)
    return found.value, f"{found.note} {said}" if found.note else said, evidence


def _complaints(file: _File) -> Iterator[str]:
    yield from outside(file, _LIMITS)
    if file.milliseconds is not None and file.slower != 1.0:
        yield "slower says nothing beside milliseconds, which is the measured time itself"


def _basis(file: _File) -> str:
    said = []
    if file.milliseconds is not None:
        said.append("the whole model as measured there, as given")
    if file.slower != 1.0:
        said.append("the planned time times a factor, as given")
    if file.queue_ms != 0.0:
        said.append("the time in a queue as given")
    return "; ".join(said) or _IDLE
