"""What is asked for running an op on either side and for sending a tensor: in seconds, in joules, in USD.

Each is a sum of what does not hang on the uplink and of what falls with it: `fixed + per x`, x the seconds that a bit
takes. What is paid once, whatever is cut where, stands beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.links.encoding import Encoding
from edgeplan.links.network import Network, Rate
from edgeplan.splitting.cloud import Cloud
from edgeplan.splitting.problem import Prices
from edgeplan.splitting.side import Side
from edgeplan.splitting.way import Tensor
from edgeplan.splitting.wiring import Wiring

__all__ = ["Bill", "Link", "cost_bill", "energy_bill", "latency_bill", "link_of"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Bill:
    """Prices [ops], [T] as `fixed + per x`; what is paid once for running the `device` at all, for using the `link`,
    and for running the `cloud`.
    """

    fixed: Prices
    per: Prices
    device: float = 0.0
    link: float = 0.0
    cloud: float = 0.0

    def at(self, x: float) -> Prices:
        """The prices where a bit takes x seconds up."""
        return self.fixed + self.per * x

    def once(self, ops: Array, offloads: bool) -> float:
        """What is paid once by a split that has the ops of a mask [ops] on the device."""
        return self.device * bool(ops.any()) + self.link * offloads + self.cloud * (not ops.all())

    def with_outage(self, part: float, lost: float) -> Bill:
        """The expected bill where the link is out for a `part` of the requests, each of which then takes `lost` more:
        the wait for an answer, and the whole model on the device.
        """

        def rarer(prices: Prices) -> Prices:
            return Prices(prices.here, prices.there * (1 - part), prices.send * (1 - part))

        link, cloud = self.link * (1 - part) + part * lost, self.cloud * (1 - part)
        return replace(self, fixed=rarer(self.fixed), per=rarer(self.per), link=link, cloud=cloud)


@dataclass(frozen=True)
class Link:
    """The tensors of a wiring on a network: the bytes [T] that each takes on the way up and, of an output, down.

    `sent` is -1 where the size is not known. `encode` and `decode` [T] are the seconds that an encoding adds. `given`
    are inputs that take other bytes than their tensor does, as somebody said.
    """

    network: Network
    rtt: Rate
    encoding: Encoding
    sent: Array
    encode: Array
    decode: Array
    down: Array
    given: Mapping[str, int]

    def tensor(self, wiring: Wiring, at: int, *, down: bool = False) -> Tensor:
        """A tensor as it is sent; down they go as they are."""
        value = wiring.graph.values[wiring.tensors[at]]
        dtype, size = value.dtype.label if value.dtype is not None else "", value.bytes
        if down:
            return Tensor(value.name, dtype, value.sizes, size, size)
        sent = int(self.sent[at]) if self.sent[at] >= 0 else None
        if value.name in self.given:
            return Tensor(value.name, dtype, value.sizes, size, sent, "given")
        takes = value.dtype is not None and value.dtype in self.encoding.takes
        return Tensor(value.name, dtype, value.sizes, size, sent, self.encoding.name if takes else "raw")


def link_of(wiring: Wiring, network: Network, rtt: Rate, encoding: Encoding, given: Mapping[str, int]) -> Link:
    """The tensors of a model on a network. `rtt` is the network's own, known; `given` the bytes of some inputs."""
    n = len(wiring.tensors)
    sent, encode, decode, down = np.full(n, -1.0), np.zeros(n), np.zeros(n), np.zeros(n)
    outputs = set(wiring.graph.outputs)
    for at, name in enumerate(wiring.tensors):
        value = wiring.graph.values[name]
        if value.bytes is None or value.dtype is None or value.elements is None:
            continue
        coded = encoding.sent(value.dtype, value.elements)
        sent[at] = value.bytes if coded is None else coded
        if coded is not None:
            encode[at] = encoding.encode_seconds(value.elements).likely
            decode[at] = encoding.decode_seconds(value.elements).likely
        if name in outputs:
            down[at] = value.bytes
        if name in given:
            sent[at], encode[at], decode[at] = given[name], 0.0, 0.0
    return Link(network, rtt, encoding, sent, encode, decode, down, given)


def _down_by_op(wiring: Wiring, of_tensor: Array) -> Array:
    """What the outputs an op makes take, by op."""
    maker = wiring.problem.maker
    found: Array = np.bincount(maker[maker >= 0], of_tensor[maker >= 0], len(wiring.ops))
    return found


def latency_bill(device: Side, cloud: Side, at: Cloud, link: Link, factor: float, *, back: bool) -> Bill:
    """In seconds. `factor` is what the cloud's planned times are multiplied with; `back` says that the results are
    needed on the device.
    """
    wiring = device.wiring
    net = link.network
    bits = 8 * np.maximum(link.sent, 0)
    down = _down_by_op(wiring, 8 * link.down) * (net.up.likely / net.down.likely) if back else 0 * device.seconds
    return Bill(
        Prices(device.seconds, cloud.seconds * factor, link.encode + link.decode),
        Prices(0 * device.seconds, down, bits),
        device.floor,
        link.rtt.likely,
        at.queue.likely + cloud.floor * factor,
    )


def energy_bill(device: Side, cloud: Side, at: Cloud, link: Link, factor: float, *, back: bool) -> Bill | str:
    """In joules that the device spends: computing, sending, receiving, and its radio awake meanwhile and after it.

    What the device draws while it waits, its radio apart, is not counted. Or why that is not known.
    """
    if device.joules is None:
        return device.energy_why or "nobody has metered the device"
    radio, net = link.network.radio, link.network
    if radio is None:
        return link.network.no_radio or f"nobody has metered the radio of {net.title}"
    wiring = device.wiring
    bits = 8 * np.maximum(link.sent, 0)
    down = _down_by_op(wiring, 8 * link.down) if back else 0 * device.seconds
    waiting = radio.tail_watts
    return Bill(
        Prices(
            device.joules,
            cloud.seconds * factor * waiting + down * radio.down_watts_per_mbps * 1e-6,
            link.decode * waiting + bits * radio.up_watts_per_mbps * 1e-6,
        ),
        Prices(0 * device.joules, down * radio.base_watts * (net.up.likely / net.down.likely), bits * radio.base_watts),
        device.floor_joules,
        radio.tail_joules + waiting * link.rtt.likely,
        waiting * (at.queue.likely + cloud.floor * factor),
    )


def cost_bill(device: Side, cloud: Side, at: Cloud, factor: float) -> Bill | str:
    """In USD for a million inferences, of a machine that is never idle; or why that is not known."""
    if at.price_per_hour is None:
        return f"no price of {at.title} is known: give one with price_per_hour in a file of your own"
    price = at.price_per_hour / 3600 * 1e6
    none, nothing = 0 * device.seconds, np.zeros(len(device.wiring.tensors))
    return Bill(
        Prices(none, cloud.seconds * factor * price, nothing),
        Prices(none, none, nothing),
        cloud=cloud.floor * factor * price,
    )
