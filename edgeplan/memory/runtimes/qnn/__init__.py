"""Qualcomm's HTP: packed weights and a spill buffer in DDR, activations in VTCM, little in the app's process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from edgeplan.graph import Value
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.pool import Pool, plan_pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.plain import PROFILE as PLAIN
from edgeplan.memory.runtimes.profile import Profile
from edgeplan.memory.runtimes.qnn.ddr import ddr_traffic, fit
from edgeplan.memory.runtimes.qnn.process import process_terms
from edgeplan.memory.runtimes.qnn.values import ON_CHIP, on_htp, vtcm_size
from edgeplan.memory.runtimes.qnn.weights import packed_weights
from edgeplan.memory.term import Term

__all__ = ["PROFILE"]

_VTCM = "VTCM"
_REST = "activations off the HTP"


def _pools(given: Deployment) -> tuple[Pool, ...]:
    inside = given.once(on_htp)
    if not inside:
        return PLAIN.pools(given)
    found = [_pool(given, _VTCM, vtcm_size(given))]
    if any(unit not in ON_CHIP for unit in given.units):
        found.append(_pool(given, _REST, lambda v: v.bytes if v.name not in inside else 0))
    return tuple(found)


def _pool(given: Deployment, name: str, size: Callable[[Value], int | None]) -> Pool:
    return plan_pool(given.graph, ArenaRules(outputs_stay=False, size=size), name)


def _terms(given: Deployment, pools: Sequence[Pool]) -> Iterable[Term]:
    if not given.once(on_htp):
        yield from PLAIN.terms(given, pools)
        return
    figures = given.figures
    basis = "a context binary: weights once, floats in 16 bits, channels rounded up to 32; mapped by the DSP"
    evidence = figures.evidence("context-base", "context-depthwise", "context-scale")
    packed, window = given.once(packed_weights), figures["process-window"]
    if packed.likely > window.bytes.likely:
        basis += f"; more than one process of the Hexagon maps ({window.likely} {window.unit}), so cut into several"
        evidence += figures.evidence("process-window")
    yield Term("weights", packed, "estimated", "always", basis, evidence, holder="driver")
    spill = given.once(fit).spill
    if spill.high:
        basis = "values held across other ops that do not stay in VTCM, in DDR"
        evidence = figures.evidence("spill", "spill-at", "spill-windows")
        yield Term("spill-fill buffer", spill, "estimated", "always", basis, evidence, holder="driver")
    for pool in pools:
        if pool.name == _REST:
            basis = f"activations of ops on other units, {pool.arena.method}"
            yield Term(pool.name, Range.exactly(pool.arena.size), "estimated", "run", basis)
    rest = _weights_off(given)
    if rest:
        basis = "constants of ops on other units, in their own type"
        yield Term("weights off the HTP", Range.exactly(rest), "computed", "always", basis)
    expanded = given.expanded_for(ON_CHIP)
    if expanded:
        basis = "weights that the CPU expands at every inference and hands to the HTP, all of them at once"
        yield Term("expanded weights", Range.exactly(expanded), "estimated", "run", basis)
    yield from process_terms(given, "qnn" if given.target.backend.name == "snpe" else None)
    basis = "preparing the graph on the device itself: the model's weights several times over, and the compiler"
    size = figures["prepare-base"].bytes + figures["prepare-weights"].of(given.weights)
    evidence = figures.evidence("prepare-base", "prepare-weights")
    yield Term("graph preparation", size, "estimated", "build", basis, evidence)


def _weights_off(given: Deployment) -> int:
    """Bytes of the constants that ops off the HTP read."""
    off = (op for i, op in enumerate(given.graph.ops) if given.units[i] not in ON_CHIP)
    names = {name for op in off for name in given.graph.reads(op) if name in given.constants}
    return sum(given.constants[name].bytes or 0 for name in names)


PROFILE = Profile(_pools, _terms, ddr_traffic)
"""The HTP under QNN, ONNX Runtime's QNN execution provider and SNPE; without an op on it, weights and arena alone."""
