"""Puts the bodies of a model's local functions in the place of their calls, when what comes out is of bounded size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from onnx import ModelProto, NodeProto

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx.domains import plain_domain

__all__ = ["inline"]

LARGEST = 2**27
"""Bytes of nodes that a model may unfold to, weights left out: about a million ops."""

_DEEPEST = 100
"""Functions calling functions; onnx's own inliner has the same limit."""

_Name = tuple[str, str]
"""Domain and name. Overloads of a function are taken for one, of the size of all together."""


def inline(model: ModelProto) -> ModelProto:
    """The model without functions. Raises `ModelError` when they call each other in a circle or unfold to too much."""
    from onnx import inliner

    calls: dict[_Name, Counter[_Name]] = {}
    sizes: Counter[_Name] = Counter()
    for function in model.functions:
        name = _name(function.domain, function.name)
        calls.setdefault(name, Counter()).update(_called(function.node))
        sizes[name] += function.ByteSize()
    _check_size(_called(model.graph.node), calls, sizes)
    try:
        return inliner.inline_local_functions(model)
    except Exception as e:  # the C++ inliner raises bare RuntimeErrors and protobuf errors
        raise ModelError(f"its local functions cannot be inlined: {_first_line(e)}") from None


def _check_size(main: Counter[_Name], calls: Mapping[_Name, Counter[_Name]], sizes: Mapping[_Name, int]) -> None:
    unfolded: dict[_Name, int] = {}
    depth: dict[_Name, int] = {}
    try:
        for name in TopologicalSorter(calls).static_order():
            inner = {n: count for n, count in calls.get(name, Counter()).items() if n in calls}
            unfolded[name] = sizes.get(name, 0) + sum(unfolded[n] * count for n, count in inner.items())
            depth[name] = 1 + max((depth[n] for n in inner), default=0)
    except CycleError as e:
        names = " -> ".join(repr(n) for _, n in e.args[1][:4])
        raise ModelError(f"its local functions call each other in a circle: {names}") from None
    if max(depth.values(), default=0) > _DEEPEST:
        raise ModelError(f"nests local functions deeper than {_DEEPEST}")
    if sum(unfolded.get(n, 0) * count for n, count in main.items()) > LARGEST:
        raise ModelError(f"its local functions unfold to more than {LARGEST // 2**20} MiB of ops")


def _called(nodes: Iterable[NodeProto]) -> Counter[_Name]:
    return Counter(_name(n.domain, n.op_type) for n in _walk(nodes))


def _walk(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    for node in nodes:
        yield node
        for a in node.attribute:
            for graph in (a.g, *a.graphs) if a.HasField("g") else a.graphs:
                yield from _walk(graph.node)


def _name(domain: str, name: str) -> _Name:
    return (plain_domain(domain), name)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
