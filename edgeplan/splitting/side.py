"""What each op of a model takes on one of the two sides: seconds, joules and bytes of weights, read off a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.cost.energy import Energy
from edgeplan.cost.latency import Latency
from edgeplan.cost.unit_speed import Speeds
from edgeplan.place.partition import UNKNOWN
from edgeplan.plan import Plan, analyze_graph
from edgeplan.splitting.forced import with_followers, with_makers
from edgeplan.splitting.wiring import Wiring
from edgeplan.target import Target

__all__ = ["Side", "freed", "side_of"]

Array = NDArray[Any]

_TAKEN = ("runs", "degrades")
"""The verdicts of rows on ops that a unit runs."""

_FASTER = 0.98
"""How much less time the rest has to take before it counts as sped up."""


@dataclass(frozen=True)
class Side:
    """A model on one target, by the ops of a wiring.

    `plan` is that of the whole model. `refused` are the ops [ops] that the target has no unit for, `unknown` those
    nobody knows of, `untimed` those whose sizes only data decide. `seconds` [ops] and `joules` [ops] are the likely
    ones, `floor` and `floor_joules` what a run takes beside them; an op that is no part of the time (`untimed`,
    `refused`, or one that a refused one keeps on the other side) takes none. `joules` is None where nobody knows, and
    `seconds` are zero where `why` says what is missing. `kernels` are the ops, by their places, that run as one.
    """

    target: Target
    wiring: Wiring
    plan: Plan
    refused: Array
    unknown: Array
    untimed: Array
    seconds: Array
    floor: float
    joules: Array | None
    floor_joules: float
    kernels: tuple[tuple[int, ...], ...]
    why: str = ""
    energy_why: str = ""

    def plan_of(self, ops: Array) -> Plan:
        """The plan of the part that runs the ops of a mask [ops]; the whole model's where that is all of them."""
        key = np.packbits(ops).tobytes()
        if key not in self._plans:
            whole = bool(ops.all())
            self._plans[key] = self.plan if whole else analyze_graph(self.wiring.portion(ops), self.target)
        return self._plans[key]

    def peak(self, ops: Array) -> int:
        """The planned peak in bytes of the part that runs the ops of a mask [ops]; 0 where there are none."""
        return self.plan_of(ops).memory.peak.likely if ops.any() else 0

    @cached_property
    def _plans(self) -> dict[bytes, Plan]:
        return {}

    def mask(self, names: Iterable[str]) -> Array:
        """The mask [ops] of ops by their names; names of others count for nothing."""
        return _mask(self.wiring, names)

    @cached_property
    def weights(self) -> Array:
        """Bytes of the constants that each op reads, a shared one with the first that does."""
        graph = self.wiring.graph
        seen: set[str] = set()
        found = np.zeros(len(self.wiring.ops))
        for at, i in enumerate(self.wiring.ops):
            for name in graph.reads(graph.ops[i]):
                if graph.values[name].const and name not in seen:
                    seen.add(name)
                    found[at] += graph.values[name].bytes or 0
        return found


def side_of(wiring: Wiring, target: Target, plan: Plan | None = None, *, cloud: bool = False) -> Side:
    """A model on a target, as the device or as the `cloud`; `plan` is that of the whole where it is known already.

    Where the target cannot run all of it the rest is timed alone: what does not follow from what it refuses on the
    device, what that does not need in the cloud.
    """
    plan = plan if plan is not None else analyze_graph(wiring.graph, target)
    refused = _mask(wiring, (s for op in plan.ops if not op.unit for s in op.sources))
    unknown = _mask(wiring, (s for op in plan.ops if op.unit == UNKNOWN for s in op.sources))
    untimed = _mask(wiring, (s for op in plan.ops if op.macs is None or op.moved is None for s in op.sources))
    timed = plan
    if plan.latency.total is None and (refused | unknown | untimed).any():
        elsewhere = (with_makers if cloud else with_followers)(wiring.problem, refused | unknown)
        possible = ~(elsewhere | untimed)
        timed = analyze_graph(wiring.portion(possible), target) if possible.any() else plan
    latency = timed.latency
    if latency.total is None:
        nothing = np.zeros(len(wiring.ops))
        return Side(
            target, wiring, plan, refused, unknown, untimed, nothing, 0.0, None, 0.0, (), latency.why, timed.energy.why
        )
    seconds, joules, kernels, floor, floor_joules = _shares(wiring, timed, target)
    energy = timed.energy.total is not None
    return Side(
        target,
        wiring,
        plan,
        refused,
        unknown,
        untimed,
        seconds,
        floor,
        joules if energy else None,
        floor_joules if energy else 0.0,
        kernels,
        "",
        timed.energy.why,
    )


def _mask(wiring: Wiring, names: Iterable[str]) -> Array:
    mask = np.zeros(len(wiring.ops), bool)
    mask[[wiring.at[name] for name in names if name in wiring.at]] = True
    return mask


def freed(side: Side) -> list[Side]:
    """The same model as it runs where the cloud has what an accelerator of the device refuses, and what follows.

    One side for each accelerator that this speeds up the rest on: a runtime may give up an accelerator, or part of it,
    for one op that it does not take, and a split that leaves this op to the cloud gets it back. No sum over the ops of
    the whole tells that.
    """
    found: dict[bytes, Side] = {}
    for unit in side.target.units:
        if side.why or not unit.accelerator:
            continue
        names = (s for op in side.plan.ops if op.verdicts.get(unit.name) not in _TAKEN for s in op.sources)
        elsewhere = with_followers(side.wiring.problem, side.mask(names) | side.refused | side.unknown)
        part = ~(elsewhere | side.untimed)
        key = np.packbits(part).tobytes()
        if key in found or part.all() or not part.any():
            continue
        plan = side.plan_of(part)
        if plan.latency.total is None:
            continue
        seconds, joules, kernels, floor, floor_joules = _shares(side.wiring, plan, side.target)
        if seconds.sum() + floor < _FASTER * (side.seconds[part].sum() + side.floor):
            before = side.joules if plan.energy.total is not None else None
            found[key] = replace(
                side,
                seconds=np.where(part, seconds, side.seconds),
                floor=floor,
                joules=np.where(part, joules, before) if before is not None else None,
                floor_joules=floor_joules if before is not None else 0.0,
                kernels=(*kernels, *(k for k in side.kernels if not part[list(k)].any())),
            )
    return list(found.values())


def _shares(
    wiring: Wiring, plan: Plan, target: Target
) -> tuple[Array, Array, tuple[tuple[int, ...], ...], float, float]:
    """The time and energy of a plan shared out over the ops; what is nobody's own is in the floor.

    A kernel's time goes to the first of its ops: all of them stay together. A hand-over between units goes to the op
    that makes what is handed over.
    """
    latency, energy = plan.latency, plan.energy
    n = len(wiring.ops)
    seconds, joules = np.zeros(n), np.zeros(n)
    watts = _watts(latency, energy)
    groups: list[tuple[int, ...]] = []
    nobody = 0.0
    for kernel in latency.kernels:
        members = sorted({wiring.at[s] for i in kernel.ops for s in plan.ops[i].sources if s in wiring.at})
        if not members:
            nobody += kernel.seconds
            continue
        seconds[members[0]] += kernel.seconds
        joules[members[0]] += kernel.seconds * watts.get(kernel.unit, 0.0)
        if len(members) > 1:
            groups.append(tuple(members))
    for op in plan.ops:
        members = sorted({wiring.at[s] for s in op.sources if s in wiring.at})
        if len(members) > 1:
            groups.append(tuple(members))
    crossed = _crossings(wiring, plan, target)
    for at, spent in crossed.items():
        seconds[at] += spent
    rest = max(latency.crossings - sum(crossed.values()), 0.0)
    floor_joules = sum(u.floor * watts.get(u.unit, 0.0) for u in latency.units)
    return seconds, joules, tuple(dict.fromkeys(groups)), latency.floor + nobody + rest, floor_joules


def _watts(latency: Latency, energy: Energy) -> dict[str, float]:
    """What is drawn while each unit computes: where a chip or a board was metered, as much whatever unit it is."""
    known = {u.unit: u.watts[1] for u in energy.units}
    if len(known) == 1 and latency.total is not None:
        (joules,) = (u.joules for u in energy.units)
        (unit,) = known
        spent = next(u.seconds + u.floor for u in latency.units if u.unit == unit)
        if joules > known[unit] * spent * 1.001:  # counted over all of the time
            return {u.unit: known[unit] for u in latency.units}
    return known


def _crossings(wiring: Wiring, plan: Plan, target: Target) -> dict[int, float]:
    """Seconds of the hand-overs between units whose value the model has by that name, by the op that makes it."""
    speeds = Speeds(target)
    found: dict[int, float] = {}
    for crossing in plan.crossings:
        speed = speeds.crossing(crossing.source, crossing.target)
        maker = wiring.graph.producer.get(crossing.value)
        if speed is None or maker is None:
            continue
        at = wiring.at.get(wiring.graph.ops[maker].name)
        if at is not None:
            found[at] = found.get(at, 0.0) + speed.seconds(crossing.bytes)[1]
    return found
