"""What tests of cuts share: sets of ops a cut can be at, and the halves run beside the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.graph import Graph
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.halves import Halves, cut_in_two
from edgeplan.surgery.runs import RunError, run_float

Array = NDArray[Any]


def prefix(graph: Graph, random: Random) -> frozenset[str]:
    """The names of all ops behind a random place in the order."""
    at = random.randint(0, len(graph.ops))
    return frozenset(op.name for op in graph.ops[at:])


def closed(graph: Graph, random: Random, most: int = 3) -> frozenset[str]:
    """The names of all ops but a few random ones, and those that make what these read."""
    picked = set(random.sample(range(len(graph.ops)), min(random.randint(1, most), len(graph.ops))))
    for at in range(len(graph.ops) - 1, -1, -1):
        if at in picked:
            picked.update(graph.producer[name] for name in graph.reads(graph.ops[at]) if name in graph.producer)
    return frozenset(op.name for at, op in enumerate(graph.ops) if at not in picked)


def halves_of(source: onnx.ModelProto, cloud: Sequence[str], *, sized: bool = True) -> Halves:
    """The halves of a model that can be cut there."""
    found = cut_in_two(Draft.open(source), cloud, sized=sized)
    assert isinstance(found, Halves), found
    return found


def protos(halves: Halves) -> list[onnx.ModelProto]:
    """The models of both sides, or of the one that has something to run."""
    return [ir.to_proto(half.model) for half in halves.parts.values()]


def wrong(source: onnx.ModelProto, halves: Halves, feeds: Mapping[str, Array]) -> str:
    """What is wrong with halves beside the whole, on inputs it runs on; empty where every bit is the same."""
    wanted = [o.name for o in source.graph.output]
    try:
        whole = run_float(source, feeds, wanted)
    except RunError:  # there is nothing to compare with
        return ""
    values = dict(feeds)
    made: list[str] = []
    for part in protos(halves):
        try:
            onnx.checker.check_model(part, full_check=True)
        except Exception as e:
            return f"checker: {e}"
        names = [o.name for o in part.graph.output]
        try:
            results = run_float(part, {i.name: values[i.name] for i in part.graph.input}, names)
        except (RunError, KeyError) as e:
            return f"halves do not run: {e!r}"
        values.update(zip(names, results, strict=True))
        made += names
    missing = set(wanted).difference(made)
    if missing:
        return f"no half makes {sorted(missing)}"
    for name, array in zip(wanted, whole, strict=True):
        new = values[name]
        if array.dtype != new.dtype or not np.array_equal(array, new, equal_nan=array.dtype.kind == "f"):
            return f"another result: {name} {array.ravel()[:4]} {np.asarray(new).ravel()[:4]}"
    return ""
