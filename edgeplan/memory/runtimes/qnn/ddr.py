"""What a run moves between the HTP's VTCM and DDR, and whether activations fit the VTCM.

Activations live in VTCM, weights and the network's inputs and outputs in DDR. The compiler says for each graph what it
reads and writes; for some 100 networks and three sizes of VTCM (`rules/qnn/runs/2026-11-22-memory-htp.csv`):

- it reads the weights once as they are packed, the inputs once, and what it filled; it writes outputs and spills;
- a live set larger than VTCM does not spill yet: ops that follow each other are cut into tiles. What spills are values
  held across other ops (a U-Net's or detector's skips), and what chains of ops with a window make, where tiles would
  have to be computed more than once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from edgeplan.graph import Graph, Op
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.figures import Figures
from edgeplan.memory.lifetimes import ArenaRules, Lifetimes, lifetimes
from edgeplan.memory.live import live_bytes
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.qnn.values import ON_CHIP, on_htp, vtcm_size
from edgeplan.memory.runtimes.qnn.weights import packed_weights, tables
from edgeplan.memory.traffic import Traffic

__all__ = ["Fit", "ddr_traffic", "fit"]

_CONVOLUTIONS = ("Conv", "ConvTranspose")
_POOLS = ("MaxPool", "AveragePool", "LpPool")
_NEAR = 2
"""Steps within which a value is read by the ops that make tiles together."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Bytes: VTCM, None where unknown; the largest live set; what spills.

    `across` is the most that is held across other ops, `windows` what ops with a window make while more is alive than
    fits: their tiles need each other's edges.
    """

    vtcm: int | None
    live: int
    across: int
    windows: int
    spill: Range


def fit(given: Deployment) -> Fit:
    """Whether the values on the HTP fit the VTCM of the target's chip."""
    size = vtcm_size(given)
    found = lifetimes(given.graph, ArenaRules(outputs_stay=False, alignment=1, size=size), lambda body: (0, ()))
    live = live_bytes(found.buffers, found.steps)
    largest, across = max(live, default=0), _across(found)
    vtcm = next((f.bytes for f in given.target.device.figures_of("htp.vtcm")), None)
    if vtcm is None or largest <= vtcm:
        return Fit(vtcm, largest, across, 0, Range(0, 0, largest if vtcm is None else 0))
    wide = (op for step, op in enumerate(given.graph.ops) if live[step] > vtcm and _has_window(given.graph, op))
    windows = sum(size(given.graph.values[op.outputs[0]]) or 0 for op in wide)
    return Fit(vtcm, largest, across, windows, _spill(given.figures, vtcm, largest, across, windows))


def ddr_traffic(given: Deployment) -> Traffic | None:
    """Bytes a run moves, as the compiler would say; None where nothing runs on the HTP."""
    graph = given.graph
    inside = given.once(on_htp)
    if not inside:
        return None
    fits = given.once(fit)
    made = {n for i, op in enumerate(graph.ops) if given.units[i] in ON_CHIP for n in op.outputs}
    left = {n for i, op in enumerate(graph.ops) if given.units[i] not in ON_CHIP for n in graph.reads(op)}
    entering = sum(graph.values[n].bytes or 0 for n in inside if n not in made)
    leaving = sum(graph.values[n].bytes or 0 for n in inside if n in made and (n in graph.outputs or n in left))
    fill = given.figures["fill"].of(fits.spill.likely)
    fill = Range(fits.spill.low, fill.likely, max(fill.high, fits.spill.high))
    weights = _read(given, fits.vtcm)
    read = weights + Range.exactly(entering) + fill
    write = Range.exactly(leaving) + fits.spill
    return Traffic("VTCM", fits.vtcm, fits.live, _verdict(fits), read, write, fits.spill, fill)


def _across(found: Lifetimes) -> int:
    """The most bytes of values that neither the op that runs nor its neighbours make or read last."""
    change = [0] * (found.steps + 1)
    for b in found.buffers:
        if b.dies - b.born > _NEAR:
            change[b.born + 1] += b.size
            change[b.dies] -= b.size
    return max(accumulate(change), default=0)


def _spill(figures: Figures, vtcm: int, live: int, across: int, windows: int) -> Range:
    held = across if across > figures["spill-at"].likely * vtcm else 0
    cut = windows if windows > figures["spill-windows-at"].likely * vtcm else 0
    likely = max(figures["spill"].likely * held, figures["spill-windows"].likely * cut)
    return figures["spill-spread"].of(round(likely)) if likely else Range(0, 0, live)


def _has_window(graph: Graph, op: Op) -> bool:
    if op.type in _CONVOLUTIONS:
        shape = graph.values[op.inputs[1]].shape or ()
        return any(size != 1 for size in shape[2:])
    return op.type in _POOLS


def _verdict(fits: Fit) -> Literal["fits", "tiled", "spills", "unknown"]:
    if fits.vtcm is None:
        return "unknown"
    return "fits" if fits.live <= fits.vtcm else "spills" if fits.spill.likely else "tiled"


def _read(given: Deployment, vtcm: int | None) -> Range:
    """The weights as packed; of a table larger than VTCM, only the part with the rows that are looked up."""
    packed, tabled = given.once(packed_weights), tables(given)
    kept = sum(size if vtcm is None or size <= vtcm else 0 for size in tabled)
    spared = sum(tabled)
    return Range(max(packed.low - spared, 0), max(packed.likely - spared + kept, 0), packed.high)
