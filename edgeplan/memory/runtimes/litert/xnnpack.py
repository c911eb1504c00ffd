"""What XNNPACK's delegate takes beyond the interpreter's arena, one term at a time."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.graph import DType, Op
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.pool import Pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.litert.packed import Tiles, packed
from edgeplan.memory.runtimes.litert.pointers import pointers
from edgeplan.memory.runtimes.litert.unpacked import unpacked
from edgeplan.memory.runtimes.litert.workspace import workspace
from edgeplan.memory.term import Term

__all__ = ["UNIT", "xnnpack_terms", "xnnpack_workspace"]

UNIT = "xnnpack"


def xnnpack_workspace(given: Deployment) -> Pool | None:
    """The workspace that all of XNNPACK's parts share; None where none needs any."""
    alignment = given.figures["xnnpack-alignment"].bytes.likely
    return workspace(given.graph, given.segments, UNIT, _tiles(given)[1], alignment)


def xnnpack_terms(given: Deployment) -> Iterator[Term]:
    """Packed and unpacked weights, tables of pointers and records; the workspace has a pool of its own."""
    ops = [given.graph.ops[i] for s in given.segments if s.unit == UNIT for i in s.ops]
    figures = given.figures
    copies = [[packed(given.graph, op, tiles) for op in ops] for tiles in _tiles(given)]
    low, likely, high = (sum(sizes) for sizes in copies)
    if high:
        yield Term(
            "packed weights",
            Range(min(low, likely), likely, max(likely, high)),
            "computed",
            "always",
            "XNNPACK's own copy of all weights, in the order in which the processor's kernels read them: the range is"
            " that of kernels for 64-bit ARM and x86; with a weight cache file it is mapped from there, to be dropped",
            figures.evidence("xnnpack-float-tile", "xnnpack-integer-tile", "xnnpack-channel-tile"),
        )
    again = sum(unpacked(given.graph, op) for op in ops)
    if again:
        yield Term(
            "unpacked weights",
            Range.exactly(again),
            "computed",
            "always",
            "weights stored as float16, int8 or sparse that an op other than a convolution or matrix product reads,"
            " or that are sparse, unpacked once and kept",
            figures.evidence("xnnpack-unpacked"),
        )
    half = sum(size for op, size in zip(ops, copies[1], strict=True) if size and _half(given, op))
    if half:
        yield Term(
            "float16-fallback",
            figures["xnnpack-fallback"].of(half),
            "estimated",
            "always",
            "float16 weights once more as float32, and packed as such, of ops for which the processor has no kernel in"
            " half precision",
            figures.evidence("xnnpack-fallback"),
        )
    tables = sum(pointers(given.graph, op) for op in ops)
    if tables:
        pointer = figures["xnnpack-pointer"].bytes.likely
        yield Term(
            "window pointers",
            Range.exactly(tables * pointer),
            "computed",
            "always",
            "the address of every pixel under every window of convolutions, poolings and bilinear resizes, kept"
            " from the first run on",
            figures.evidence("xnnpack-pointer"),
        )
    packing = sum(1 for size in copies[1] if size)
    size = figures["xnnpack-records"].bytes
    for name, count in (("xnnpack-op", len(ops) - packing), ("xnnpack-packing-op", packing)):
        size += figures[name].of(count)
    basis = f"XNNPACK's own records of {len(ops)} ops, {packing} of them with weights"
    evidence = figures.evidence("xnnpack-records", "xnnpack-op", "xnnpack-packing-op")
    yield Term("XNNPACK records", size, "estimated", "always", basis, evidence)


def _half(given: Deployment, op: Op) -> bool:
    """Whether an op computes in half precision: its input is stored so."""
    return given.graph.values[op.inputs[0]].dtype is DType.FLOAT16


def _tiles(given: Deployment) -> list[Tiles]:
    """Those of the kernels that pack tightest, of 64-bit ARM, and of those that round up most."""
    names = ("xnnpack-float-tile", "xnnpack-integer-tile", "xnnpack-channel-tile", "xnnpack-integer-depth")
    bounds = [given.figures[name].bounds() for name in names]
    return [Tiles(*(int(bound[i]) for bound in bounds)) for i in range(3)]
