"""TensorFlow Lite for Microcontrollers: one arena, whose head holds activations and whose tail all that lasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edgeplan.memory.deployment import Deployment
from edgeplan.memory.figures import Figures
from edgeplan.memory.pool import Pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.profile import Profile
from edgeplan.memory.runtimes.tflite_micro.head import head
from edgeplan.memory.runtimes.tflite_micro.kernels import Library, library
from edgeplan.memory.runtimes.tflite_micro.tail import Tail, planning, tail
from edgeplan.memory.term import Kind, Term

__all__ = ["FLASH", "PROFILE", "structures"]

_OLDER: Mapping[Library, Library] = {"esp-nn-s3": "esp-nn-s3-2023"}
"""Kernels that firmware may as well have been built with, a release before."""

FLASH = "model in flash"
"""The name of the term that takes no RAM."""


def _pools(given: Deployment) -> tuple[Pool, ...]:
    return (head(given.graph, library=library(given.target)),)


def _terms(given: Deployment, pools: Sequence[Pool]) -> Iterable[Term]:
    evidence, used = given.target.backend.evidence, library(given.target)
    yield _model(given)
    for pool in pools:
        yield _head(given, pool, used)
        records = planning(given.graph, len(pool.arena.buffers), library=used)
        basis = "records of every tensor in place of the head while it is planned"
        said = {"allocator": "CommitStaticMemoryPlan"}
        yield Term("planning the head", Range.exactly(records), "computed", "load", basis, evidence(said))
    kept = tail(given.graph, library=used)
    size = structures(given.figures, kept) + given.figures["allocator"].bytes
    cited = given.figures.evidence("structures", "allocator")
    basis = "arena tail: what describes tensors and ops, and what kernels keep for each"
    yield Term("arena tail", size, "estimated", "always", basis, cited)
    said = {"kernels": "batch_matmul.cc: AllocInitTransposeTensorFromTfLiteTensor"}
    if kept.copies:
        basis = "arena tail: operands of BATCH_MATMUL that are kept turned"
        yield Term("turned operands", Range.exactly(kept.copies), "computed", "always", basis, evidence(said))
    if kept.variables:
        basis = "arena tail: what the network keeps from call to call"
        said = {"allocator": "AllocateVariables"}
        yield Term("variables", Range.exactly(kept.variables), "computed", "always", basis, evidence(said))
    cited = given.figures.evidence("interpreter")
    basis = "the interpreter, its table of kernels and their stack, outside the arena"
    yield Term("interpreter", given.figures["interpreter"].bytes, "estimated", "always", basis, cited)


def _head(given: Deployment, pool: Pool, used: Library) -> Term:
    """The head; a range where an older release of the chip's kernels asks for other scratch memory."""
    older = _OLDER.get(used)
    other = pool.arena.size if older is None else head(given.graph, library=older).arena.size
    size = Range(min(pool.arena.size, other), pool.arena.size, max(pool.arena.size, other))
    basis = f"arena head: activations and scratch buffers, {pool.arena.method}"
    if not size.exact:
        basis += "; other kernels before March 2026"
    said = {"planner": "CalculateOffsetsIfNeeded", "kernels": "RequestScratchBufferInArena"}
    kind: Kind = "computed" if size.exact else "estimated"
    return Term(pool.name, size, kind, "run", basis, given.target.backend.evidence(said))


def structures(figures: Figures, kept: Tail) -> Range:
    """What describes tensors and ops, and what kernels keep, those of custom ops too."""
    size, custom = figures["structures"].of(kept.tables + kept.data), figures["custom-op"].bytes
    return Range(*(a + kept.custom * b for a, b in zip(_bounds(size), _bounds(custom), strict=True)))


def _bounds(size: Range) -> tuple[int, int, int]:
    return size.low, size.likely, size.high


def _model(given: Deployment) -> Term:
    """The file as it lies in flash, read in place; without one its weights and what describes tensors and ops."""
    if given.file_bytes is not None:
        size, basis = Range.exactly(given.file_bytes), "the model's file, read in place from flash"
        return Term(FLASH, size, "computed", "always", basis, holder="flash")
    tensors = given.figures["file-tensor"].bytes
    count = len(given.graph.values)
    size = Range(*(given.weights + count * each for each in _bounds(tensors)))
    basis = "weights, and what describes tensors and ops, read in place from flash"
    return Term(FLASH, size, "estimated", "always", basis, given.figures.evidence("file-tensor"), holder="flash")


PROFILE = Profile(_pools, _terms)
