"""A split planned: each half as a model of its own, with the time, energy, money and memory that it takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from math import hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.cost.estimate import Estimate
from edgeplan.links.network import Rate
from edgeplan.splitting.lines import Line
from edgeplan.splitting.problem import INPUT, crossing
from edgeplan.splitting.setting import Setting
from edgeplan.splitting.split import Choice
from edgeplan.splitting.way import NOTHING, Kind, Way

__all__ = ["choice_of", "kind_of", "least_on_link", "line_as_planned", "together", "way_of"]

Array = NDArray[Any]


def kind_of(ops: Array) -> Kind:
    """What a mask [ops] of those on the device is called."""
    return "device" if ops.all() else "split" if ops.any() else "cloud"


def together(parts: Iterable[Estimate], basis: str) -> Estimate:
    """The sum of figures that err independently: their errors add in quadrature."""
    found = list(parts)
    likely = sum(p.likely for p in found)
    down = hypot(*(p.likely - p.low for p in found))
    up = hypot(*(p.high - p.likely for p in found))
    return Estimate(likely - down, likely, likely + up, basis)


def way_of(setting: Setting, ops: Array) -> Way | str:
    """The way that has the ops of a mask [ops] on the device; or why its time is not known.

    Both halves are planned as they would run, with their own kernels and hand-overs. Encoding is the device's time,
    decoding and waiting in line the cloud's.
    """
    device = _seconds(setting, ops, cloud=False)
    cloud = _seconds(setting, ~ops, cloud=True)
    if isinstance(device, str) or isinstance(cloud, str):
        return device if isinstance(device, str) else str(cloud)
    way, encoding = _untimed(setting, ops), setting.link.encoding
    coded = [setting.wiring.graph.values[t.name].elements or 0 for t in way.up if t.encoding not in ("raw", "given")]
    device = reduce(Estimate.plus, map(encoding.encode_seconds, coded), device)
    cloud = reduce(Estimate.plus, map(encoding.decode_seconds, coded), cloud)
    if setting.offloads(ops) and not ops.all():
        queue = setting.at.queue
        cloud = together([cloud, Estimate(queue.low, queue.likely, queue.high, "")], cloud.basis)
    return replace(way, device=device, cloud=cloud)


def _untimed(setting: Setting, ops: Array) -> Way:
    """The way that has the ops of a mask [ops] on the device: what it sends, which no time has to be known for."""
    wiring, link = setting.wiring, setting.link
    maker = wiring.problem.maker
    outputs = set(wiring.graph.outputs) if setting.question.result == "device" else ()
    down = [
        at for at, name in enumerate(wiring.tensors) if name in outputs and maker[at] != INPUT and not ops[maker[at]]
    ]
    up = np.flatnonzero(crossing(setting.problem, setting.whole(ops))).tolist()
    return Way(
        kind_of(ops),
        NOTHING,
        NOTHING,
        tuple(link.tensor(wiring, at) for at in up),
        tuple(link.tensor(wiring, at, down=True) for at in down),
        wiring.names(ops),
        int((~ops).sum()),
    )


def _seconds(setting: Setting, ops: Array, *, cloud: bool) -> Estimate | str:
    """What one side takes for the ops of a mask [ops], those without a size left out; or why that is not known."""
    side = setting.cloud if cloud else setting.device
    if (ops & (side.refused | side.unknown)).any():
        return f"some ops have no unit that is known to take them on {side.target.title}"
    timed = ops & ~side.untimed
    if not timed.any():
        return NOTHING
    if side.why:
        return side.why
    if not side.seconds[timed].any():
        return NOTHING  # views, and what is known beforehand
    latency = side.plan_of(timed).latency
    if latency.total is None:
        return latency.why
    found = latency.total
    if not cloud:
        return found
    by, at = setting.factor, setting.at
    if at.measured is not None:  # its range is that of the whole, and no planned one
        basis = f"the whole model as measured, shared out as planned ({found.basis})"
        return Estimate(found.likely * by.low, found.likely * by.likely, found.likely * by.high, basis)
    return found.times(by.low, by.likely, by.high, found.basis)


def choice_of(setting: Setting, ops: Array, refused: str = "") -> Choice:
    """A way with all that is known of it. `refused` says why it is not allowed."""
    way = way_of(setting, ops)
    memory = _memory(setting, ops)
    if isinstance(way, str):
        return Choice(_untimed(setting, ops), None, {}, None, None, memory, way, refused, way, way)
    parts = _parts(setting, way)
    link = [parts[k] for k in ("up", "down") if k in parts]
    sums = [parts[k] for k in ("device", "trip", "cloud") if k in parts]
    sums.append(reduce(Estimate.plus, link, NOTHING))  # one link is slow in both directions
    latency = together(sums, _basis(setting, way))
    energy = _energy(setting, ops, way)
    cost = _cost(setting, ops)
    return Choice(
        way,
        latency,
        parts,
        energy if isinstance(energy, Estimate) else None,
        cost if isinstance(cost, Estimate) else None,
        memory,
        "",
        refused,
        energy if isinstance(energy, str) else "",
        cost if isinstance(cost, str) else "",
        line_as_planned(setting, way, ops).at(setting.x) if setting.question.outage else None,
    )


def line_as_planned(setting: Setting, way: Way, ops: Array) -> Line:
    """What a split takes over the time of a bit, by the plans of both halves; expected, where the link may be out."""
    if not way.offloads:
        return Line(way.device.likely, 0.0, ops)
    net, out = setting.link.network, setting.question.outage
    there = way.cloud.likely + setting.link.rtt.likely
    bits = 8 * way.up_bytes + 8 * way.down_bytes * net.up.likely / net.down.likely
    return Line(way.device.likely + (1 - out) * there + out * setting.lost, (1 - out) * bits, ops)


def least_on_link(setting: Setting, choice: Choice) -> float:
    """The likely seconds that a way takes on the link alone, which are known where what a side takes is not."""
    return 8 * choice.way.up_bytes * setting.x + setting.link.rtt.likely if choice.way.offloads else 0.0


def _basis(setting: Setting, way: Way) -> str:
    said = [f"device: {way.device.basis}"] if way.device.likely else []
    said += [f"cloud: {way.cloud.basis}"] if way.cloud.likely else []
    said += [f"link: {setting.link.network.basis}"] if way.offloads else []
    return "; ".join(said)


def _parts(setting: Setting, way: Way) -> dict[str, Estimate]:
    """The seconds of each step, in the order they are taken."""
    net, found = setting.link.network, {"device": way.device}
    if way.offloads:
        found["up"] = _over(way.up_bytes, net.up, net.basis)
        rtt = setting.link.rtt
        found["trip"] = Estimate(rtt.low, rtt.likely, rtt.high, net.basis)
        found["cloud"] = way.cloud
        found["down"] = _over(way.down_bytes, net.down, net.basis)
    return found


def _over(size: int, rate: Rate, basis: str) -> Estimate:
    return Estimate(8 * size / rate.high, 8 * size / rate.likely, 8 * size / rate.low, basis)


def _memory(setting: Setting, ops: Array) -> int | None:
    """The planned peak of the device's part; of one that nothing is known to run, none."""
    if (ops & (setting.device.refused | setting.device.unknown)).any():
        return None
    return setting.device.peak(ops)


def _energy(setting: Setting, ops: Array, way: Way) -> Estimate | str:
    """The joules that the device computes with, as planned of its part, and those of its radio."""
    radio, net = setting.link.network.radio, setting.link.network
    if way.offloads and radio is None:
        return net.no_radio or f"nobody has metered the radio of {net.title}"
    parts: list[Estimate] = []
    timed = ops & ~setting.device.untimed
    if setting.device.seconds[timed].any():
        energy = setting.device.plan_of(timed).energy
        if energy.total is None:
            return energy.why
        parts.append(energy.total)
    if way.offloads and radio is not None:
        waiting = setting.link.rtt.likely + way.cloud.likely
        at = [
            radio.up_joules(way.up_bytes, up) + radio.down_joules(way.down_bytes, down)
            for up, down in ((net.up.high, net.down.high), (net.up.likely, net.down.likely), (net.up.low, net.down.low))
        ]
        more = radio.wait_joules(waiting) + radio.tail_joules
        low, high = radio.spread
        parts.append(Estimate((at[0] + more) * low, at[1] + more, (at[2] + more) * high, radio.basis))
    return together(parts, "; ".join(p.basis for p in parts))


def _cost(setting: Setting, ops: Array) -> Estimate | str:
    if isinstance(setting.cost, str):
        return setting.cost if not ops.all() else NOTHING
    busy = _seconds(setting, ~ops, cloud=True)
    if isinstance(busy, str):
        return busy
    price = (setting.at.price_per_hour or 0.0) / 3600 * 1e6
    return busy.times(price, price, price, f"{setting.at.price_note or 'the price given'}, never idle")
