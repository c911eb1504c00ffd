"""Everything a split is decided from: both sides' costs, the link, what is allowed, and the problem that makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.links.encoding import Encoding
from edgeplan.links.network import Network, Rate
from edgeplan.splitting.blocks import blocks_of
from edgeplan.splitting.cloud import Cloud
from edgeplan.splitting.mincut import Cutter
from edgeplan.splitting.pricing import Bill, Link, cost_bill, energy_bill, latency_bill, link_of
from edgeplan.splitting.privacy import sendable
from edgeplan.splitting.problem import Prices, Problem, cost_of, grouped, regrouped
from edgeplan.splitting.question import Question, SplitError
from edgeplan.splitting.side import Side
from edgeplan.splitting.wiring import Wiring

__all__ = ["Setting", "setting_of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Setting:
    """A model between two sides. `problem` is over the ops of `wiring`, the one who needs the result in the cloud last,
    if that is asked; `block` [ops] joins ops that one kernel runs. `factor` is what the cloud's planned times are
    multiplied with.
    """

    wiring: Wiring
    device: Side
    cloud: Side
    at: Cloud
    link: Link
    question: Question
    factor: Rate
    problem: Problem
    block: Array

    @cached_property
    def cutter(self) -> Cutter:
        """What cuts the blocks."""
        return Cutter(grouped(self.problem, self.block))

    @property
    def x(self) -> float:
        """The seconds that a bit takes up, likely."""
        return 1 / self.link.network.up.likely

    @cached_property
    def latency(self) -> Bill:
        """Prices in seconds, expected where the link may be out."""
        bill = latency_bill(self.device, self.cloud, self.at, self.link, self.factor.likely, back=self._back)
        return self._expected(bill, self.lost)

    @cached_property
    def energy(self) -> Bill | str:
        """Prices in joules, of a request that finds the link: what a radio draws while it looks for one nobody says."""
        return energy_bill(self.device, self.cloud, self.at, self.link, self.factor.likely, back=self._back)

    @cached_property
    def cost(self) -> Bill | str:
        """Prices in USD a million."""
        bill = cost_bill(self.device, self.cloud, self.at, self.factor.likely)
        return bill if isinstance(bill, str) else self._expected(bill, 0.0)

    @property
    def lost(self) -> float:
        """What a request that finds no link takes beside the device's part: the wait, and the whole model on the device
        as far as that is known.
        """
        whole = self.device.plan.latency.total
        return (self.question.timeout or 0.0) + (whole.likely if whole is not None else 0.0)

    @property
    def objective(self) -> Bill | str:
        """The prices of what is made small."""
        wanted = self.question.objective
        return self.energy if wanted == "energy" else self.cost if wanted == "cost" else self.latency

    @property
    def _back(self) -> bool:
        return self.question.result == "device"

    def _expected(self, bill: Bill, lost: float) -> Bill:
        return bill.with_outage(self.question.outage, lost) if self.question.outage else bill

    def blocks(self, prices: Prices) -> Prices:
        """Prices of ops as prices of blocks, what needs the result in the cloud included: it asks nothing."""
        return regrouped(self._padded(prices), self.block)

    def ops_of(self, blocks: Array) -> Array:
        """The ops [ops of the wiring] of a mask over blocks."""
        found: Array = blocks[self.block][: len(self.wiring.ops)]
        return found

    def whole(self, ops: Array) -> Array:
        """A mask over the problem's ops, from one over the wiring's: who needs the result is in the cloud."""
        return np.append(ops, np.zeros(self.problem.ops - len(ops), bool))

    def offloads(self, ops: Array) -> bool:
        """Whether a split uses the link."""
        return not ops.all() or self.problem.ops > len(self.wiring.ops)

    def summed(self, prices: Prices, ops: Array) -> float:
        """What a split takes at some prices, by the sum over ops; infinite where it is not allowed."""
        return cost_of(self.problem, self._padded(prices), self.whole(ops))

    def total(self, bill: Bill, ops: Array) -> float:
        """All that a split takes by a bill, what is paid once included."""
        return self.summed(bill.at(self.x), ops) + bill.once(ops, self.offloads(ops))

    def _padded(self, prices: Prices) -> Prices:
        none = np.zeros(self.problem.ops - len(self.wiring.ops))
        return Prices(np.append(prices.here, none), np.append(prices.there, none), prices.send)

    def with_device(self, side: Side) -> Setting:
        """The same with other times on the device."""
        block = blocks_of(self.problem, (*side.kernels, *self.cloud.kernels))
        made = replace(self, device=side, block=block)
        if made.cutter.conflict is not None:  # it may be of the blocks' making
            made = replace(made, block=np.arange(self.problem.ops))
        return made

    def with_encoding(self, encoding: Encoding) -> Setting:
        """The same with tensors sent another way."""
        return replace(self, link=link_of(self.wiring, self.link.network, self.link.rtt, encoding, self.link.given))


def setting_of(
    device: Side, cloud: Side, at: Cloud, network: Network, rtt: Rate, encoding: Encoding, question: Question
) -> Setting:
    """The setting of a model planned on both sides. Raises `PrivacyError` where a condition does not fit the model."""
    wiring = device.wiring
    link = link_of(wiring, network, rtt, encoding, _inputs(wiring, question))
    allowed = sendable(
        wiring,
        keep_raw_input=question.keep_raw_input,
        min_depth=question.min_depth,
        private_until=question.private_until,
    )
    values = [wiring.graph.values[name] for name in wiring.tensors]
    plain = np.array([v.dtype is not None and v.dtype.bits > 0 for v in values], bool)  # no strings, no handles
    problem = replace(
        wiring.problem,
        here=~(device.refused | device.unknown),
        there=~(cloud.refused | cloud.unknown),
        sendable=allowed & plain & (link.sent >= 0),
    )
    if question.result == "cloud":
        problem = _needed_in_cloud(wiring, problem)
    each = np.arange(problem.ops)
    return Setting(wiring, device, cloud, at, link, question, _factor(at, cloud), problem, each).with_device(device)


def _inputs(wiring: Wiring, question: Question) -> Mapping[str, int]:
    """What inputs take on the way. Raises `SplitError` for one that the model has not."""
    unknown = sorted(set(question.input_bytes).difference(wiring.graph.inputs))
    if unknown:
        raise SplitError(f"the model has no input {unknown[0]!r}; it has {', '.join(map(repr, wiring.graph.inputs))}")
    return question.input_bytes


def _needed_in_cloud(wiring: Wiring, problem: Problem) -> Problem:
    """The problem with an op in the cloud behind all outputs."""
    outputs = set(wiring.graph.outputs)
    read = [at for at, name in enumerate(wiring.tensors) if name in outputs]
    return Problem(
        problem.ops + 1,
        problem.maker,
        np.append(problem.tensor, read).astype(np.int64),
        np.append(problem.reader, np.full(len(read), problem.ops)).astype(np.int64),
        np.append(problem.here, False),
        np.append(problem.there, True),
        problem.sendable,
    )


def _factor(at: Cloud, cloud: Side) -> Rate:
    """What to multiply the cloud's planned times with: by what was measured of the whole model, else how busy it is."""
    planned = float(cloud.seconds.sum()) + cloud.floor
    if at.measured is not None and planned:
        return Rate(at.measured.low / planned, at.measured.likely / planned, at.measured.high / planned)
    return at.slower
