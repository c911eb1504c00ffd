"""What a process takes whatever runs the model: the mapped file, the library's pages, the interpreter's records."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.graph import Graph
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.litert.xnnpack import UNIT
from edgeplan.memory.term import Term

__all__ = ["file_bytes", "process_terms"]


def process_terms(given: Deployment) -> Iterator[Term]:
    """The model's file, the library's pages and the interpreter's records."""
    figures = given.figures
    size = file_bytes(given)
    unread = _unread(given.graph)
    source = "the model's file" if given.file_bytes is not None else "the .tflite file still to be made, by its weights"
    tables = ", of a lookup table one block of 64 KiB and more as the words of a call want it" if unread else ""
    yield Term(
        "model file",
        Range(0, max(size - unread, 0), size),
        "computed" if given.file_bytes is not None else "estimated",
        "always",
        f"{source}, mapped into memory{tables}; of an app that reads it into a buffer instead it is private memory",
        figures.evidence("file-record", "process-pages"),
        holder="file",
    )
    pages, named = figures["process-pages"].bytes, ["process-pages"]
    if UNIT in given.units:
        pages += figures["xnnpack-pages"].bytes
        named.append("xnnpack-pages")
    basis = "pages of the runtime's library that loading and running touch"
    yield Term("library pages", pages, "measured", "always", basis, figures.evidence(*named), holder="file")
    count = len(given.graph.values)
    yield Term(
        "interpreter records",
        figures["interpreter-records"].bytes + figures["tensor-record"].of(count),
        "estimated",
        "always",
        f"the interpreter's own records of {count} tensors and {len(given.graph.ops)} ops",
        figures.evidence("interpreter-records", "tensor-record"),
    )


def file_bytes(given: Deployment) -> int:
    """Bytes of the .tflite file: its own where there is one, else of its weights with a record for every tensor."""
    if given.file_bytes is not None:
        return given.file_bytes
    return given.weights + given.figures["file-record"].of(len(given.graph.values)).likely


_LOOKUPS = {"EMBEDDING_LOOKUP": 1, "GATHER": 0}
"""Ops that read some rows of a table, and which input the table is."""

_BLOCK = 64 * 1024
"""Bytes that the kernel maps around the first page touched of a file (`fault_around_bytes` of Linux)."""


def _unread(graph: Graph) -> int:
    """Bytes of the tables that ops only look rows up in, but for one block each."""
    found = 0
    for op in graph.ops:
        at = _LOOKUPS.get(op.label)
        if at is None or len(op.inputs) < 2 or op.attrs.get("axis", 0) != 0:
            continue
        table = graph.values[op.inputs[at]]
        looked_up = not graph.values[op.inputs[1 - at]].const and len(graph.consumers.get(table.name, ())) == 1
        if table.const and looked_up and table.name not in graph.producer:
            found += max((table.bytes or 0) - _BLOCK, 0)
    return found
