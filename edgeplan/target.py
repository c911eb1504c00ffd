"""A target: one device, one backend, one release, and the units and memory the network may use there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgeplan.capability.rows import Backend, Host, Partitions, UnitSpec, load_backend
from edgeplan.devices import Device, DeviceError, Figure, find_device
from edgeplan.finding import Confidence, Evidence, confidence
from edgeplan.lower.assumed import form_of
from edgeplan.lower.scheme import parse_scheme

__all__ = ["Budget", "Raised", "Target", "TargetError", "Unit", "resolve"]

_FLOATS = {"fp16": "float16", "fp32": "float32"}
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


class TargetError(ValueError):
    """The device, backend, release or unit asked for does not exist; the message is one line."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A compute unit of the target, in the order in which the runtime prefers them.

    `hardware` is the chip's unit it runs on: values between two units of one piece of hardware stay where they are.
    """

    name: str
    title: str
    accelerator: bool
    generation: str = ""
    features: tuple[str, ...] = ()
    hardware: str = ""
    partitions: Partitions | None = None
    host: Host | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """The larger limit an app gets that asks for it: bytes, and the `entitlement` to ask with."""

    limit: int
    entitlement: str
    kind: str
    basis: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """What a network may take of the device's memory.

    `limit` is where the app is killed or allocation fails, `guidance` what the vendor advises to stay under, both in
    bytes and None where nobody has published one; `given` is the user's own budget, `basis` where the limit comes from.
    `kind` is `measured`, `stated`, `estimated` (carried over from another device) or `assumed` (nobody's figure:
    `basis` says what is taken for granted, and going over it proves nothing). `raised` is what the app may ask for.
    """

    limit: int | None
    guidance: int | None
    ram: int | None
    kind: str
    basis: str
    evidence: tuple[Evidence, ...] = ()
    given: int | None = None
    raised: Raised | None = None
    confidence: Confidence = Confidence.LOW

    @property
    def effective(self) -> int | None:
        """The bytes to hold a plan against: the user's own figure, else the device's limit."""
        return self.given if self.given is not None else self.limit


@dataclass(frozen=True)
class Target:
    """Where a model is to run. `precision` is what floats are computed in: `model`, `float16` or `float32`.

    `assume` names the scheme (`edgeplan.lower.scheme`) by which the model is taken to be compressed though its file is
    not: `w8a8`, `palette4`; empty where as it stands. Where a converter chooses the floats, as in MIL, `fp16` and
    `fp32` are the `precision`.

    Raises `TargetError` where there is no such scheme, or the backend has no form for it.
    """

    device: Device
    backend: Backend
    release: str
    units: tuple[Unit, ...]
    precision: str
    budget: Budget
    assume: str = ""

    def __post_init__(self) -> None:
        if not self.assume:
            return
        try:
            scheme = parse_scheme(self.assume)
        except ValueError as e:
            raise TargetError(str(e)) from None
        why = form_of(scheme, self.backend.dialect)
        if why:
            raise TargetError(f"{self.backend.title} has {why}, so it cannot run {self.assume}")
        if scheme.name in _FLOATS and self.backend.dialect == "mil":
            object.__setattr__(self, "precision", _FLOATS[scheme.name])

    @property
    def title(self) -> str:
        """`iPhone 14 Pro, Core ML (iOS 17)`."""
        named = self.release.startswith(self.backend.title)
        runtime = self.release if named else f"{self.backend.title} ({self.release})"
        return f"{self.device.title}, {runtime}"

    def unit(self, name: str) -> Unit:
        """The unit of that name."""
        return next(u for u in self.units if u.name == name)


def resolve(
    device: str,
    backend: str | None = None,
    release: str | None = None,
    *,
    precision: str | None = None,
    use: Sequence[str] = (),
    memory: int | None = None,
    assume: str = "",
) -> Target:
    """The target a user names. `use` asks for optional units (a DLA, say), `memory` sets an own budget in bytes.

    `assume` plans a model as though it were compressed: see `edgeplan.lower.scheme`.

    Raises `TargetError` when one of them does not exist or the device does not run it.
    """
    try:
        found = find_device(device)
    except DeviceError as e:
        raise TargetError(str(e)) from None
    name = backend or next(iter(found.backends))
    if name not in found.backends:
        raise TargetError(f"{found.title} has no backend {name!r}; it has {', '.join(found.backends)}")
    table = load_backend(name)
    chosen = _release(found, table, release)
    units = _units(found, table, chosen, use)
    budget = _budget(found, _system(found, chosen, release), memory)
    return Target(found, table, chosen, units, precision or table.precision, budget, assume)


def _release(device: Device, backend: Backend, wanted: str | None) -> str:
    """The release asked for, else the newest one the device runs."""
    releases = backend.releases
    span = device.backends[backend.name]
    first = releases.index(span.since) if span.since else 0
    last = releases.index(span.until) if span.until else len(releases) - 1
    if wanted is None:
        return releases[last]
    found = _match_release(backend, wanted)
    if found is None:
        raise TargetError(f"{backend.title} has no release {wanted!r}; it has {', '.join(releases)}")
    if not first <= releases.index(found) <= last:
        raise TargetError(f"{device.title} runs {backend.title} {releases[first]} to {releases[last]}, not {found}")
    return found


def _system(device: Device, chosen: str, wanted: str | None) -> str:
    """The release of the operating system, as far as it is known: limits are its, not the runtime's.

    A runtime that is no part of the system says nothing of it: then the newest one the device runs counts. A minor
    release counts where the user named one of the release chosen: `26.4` for iOS 26.
    """
    if not chosen.startswith("iOS"):
        return device.backends["coreml"].until if "coreml" in device.backends else ""
    major, asked = _VERSION.search(chosen), _VERSION.search(wanted or "")
    same = major is not None and asked is not None and major[1] == asked[1]
    return wanted if wanted is not None and same else chosen


def _match_release(backend: Backend, wanted: str) -> str | None:
    def plain(text: str) -> str:
        return re.sub(r"[\s_-]", "", text.lower())

    names = {plain(r): r for r in backend.releases} | {plain(k): v for k, v in backend.alias.items()}
    if plain(wanted) in names:
        return names[plain(wanted)]
    shorter = wanted.rpartition(".")[0]
    return _match_release(backend, shorter) if shorter else None


def _units(device: Device, backend: Backend, release: str, use: Sequence[str]) -> tuple[Unit, ...]:
    found: list[Unit] = []
    for name, spec in backend.units.items():
        chip = device.chip.unit.get(spec.hardware or name)
        if any(backend.units[asked].instead == name for asked in use if asked in backend.units):
            continue
        if chip is None and (spec.accelerator or name in use):
            if name in use:
                raise TargetError(f"{device.title} has no {spec.title}")
            continue
        if (spec.optional and name not in use) or not _driven(backend, spec, device, release):
            if name in use:
                raise TargetError(f"{backend.title} {release} does not drive the {spec.title}")
            continue
        generation, features = (chip.generation, chip.features) if chip else ("", ())
        hardware = spec.hardware or name
        parts = spec.partitions if spec.partitions and backend.covers(spec.partitions.since, "", release) else None
        found.append(Unit(name, spec.title, spec.accelerator, generation, features, hardware, parts, spec.host))
    for name in use:
        if name not in backend.units:
            raise TargetError(f"{backend.title} has no unit {name!r}; it has {', '.join(backend.units)}")
    return tuple(found)


def _driven(backend: Backend, spec: UnitSpec, device: Device, release: str) -> bool:
    """Whether a release drives a unit on a device."""
    spans = [(spec.since, spec.until), *((a.since, a.until) for a in spec.again if device.id in a.devices)]
    return any(backend.covers(since, until, release) for since, until in spans)


def _budget(device: Device, release: str, given: int | None) -> Budget:
    """`release` is the operating system's."""
    ram = max((f.bytes for f in device.figures_of("ram")), default=None)
    guidance = min((f.bytes for f in device.figures_of("memory-guidance")), default=None)
    limits = device.figures_of("app-memory-limit")
    best = _nearest([f for f in limits if not f.entitlement], release)
    raised = _raised(device, _nearest([f for f in limits if f.entitlement], release))
    if best is not None:
        trust = device.confidence(best, elsewhere=_distance(best.os, release)[0] != 0)
        return Budget(best.bytes, guidance, ram, best.kind, _said(best), device.evidence(best), given, raised, trust)
    visible = next(iter(device.figures_of("visible-memory")), None)
    if visible is not None and not raised:
        idle = next(iter(device.figures_of("idle-memory-used")), None)
        used = idle.bytes if idle else 0
        basis = (
            f"{visible.value:,.0f} {visible.unit} visible less {idle.value:,.0f} {idle.unit} used when idle"
            if idle
            else "RAM that programs can use"
        )
        evidence = (*device.evidence(visible), *(device.evidence(idle) if idle else ()))
        trust = confidence(evidence, disputed=idle is None)
        return Budget(visible.bytes - used, guidance, ram, visible.kind, basis, evidence, given, None, trust)
    return Budget(None, guidance, ram, "", "no limit is published for this device", (), given, raised)


def _said(figure: Figure) -> str:
    if figure.kind == "assumed":
        return f"assumed: {figure.note}"
    where = f" on {figure.measured_on}" if figure.measured_on else ""
    when = f", {figure.os}" if figure.os else ""
    return f"app limit{where}{when}"


def _raised(device: Device, figure: Figure | None) -> Raised | None:
    if figure is None:
        return None
    return Raised(figure.bytes, figure.entitlement, figure.kind, _said(figure), device.evidence(figure))


def _nearest(figures: Sequence[Figure], release: str) -> Figure | None:
    """The limit measured nearest to the release; of two as near a measured one, then the smaller."""
    return min(figures, key=lambda f: (_distance(f.os, release), f.kind != "measured", f.value), default=None)


def _distance(os: str, release: str) -> tuple[int, int]:
    """How many major and minor releases lie between a measurement's releases and the target; unknown is far.

    Minor releases count within one major release alone, and only when the target names one.
    """
    ends = [(int(a), int(b or 0)) for a, b in _VERSION.findall(os)]
    wanted = _VERSION.search(release)
    if not ends or wanted is None:
        return 99, 0
    first, last = ends[0], ends[-1]
    major = int(wanted[1])
    if not first[0] <= major <= last[0]:
        return min(abs(major - first[0]), abs(major - last[0])), 0
    if wanted[2] is None:
        return 0, 0
    at = (major, int(wanted[2]))
    return 0, 0 if first <= at <= last else abs(at[1] - (first if at < first else last)[1])
