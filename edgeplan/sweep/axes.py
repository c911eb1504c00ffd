"""Which sizes of a model's inputs a swept name stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, prod

from edgeplan.graph import Graph

__all__ = ["Bindings", "bindings"]

_AXIS = re.compile(r"(?P<input>.+)\.(?P<axis>\d{1,2})")


@dataclass(frozen=True, slots=True)
class Bindings:
    """What `edgeplan.load` binds: free dimensions by name, shapes by input."""

    dims: Mapping[str, int] = field(default_factory=dict)
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def bindings(graph: Graph, free: Sequence[str], name: str, size: int) -> Bindings | str:
    """The bindings that give `name` a size, or the reason why it names nothing.

    `name` is one of the free dimensions; `INPUT.AXIS`, an axis by its number; `H` or `W`, the height or width of the
    image input, whose other side keeps the proportions, or is the same where both are free; `N`, the first axis of
    every input that shares the first input's.
    """
    if name in free:
        return Bindings({name: size})
    one = _AXIS.fullmatch(name)
    if one is not None and one["input"] in graph.inputs:
        return _axis(graph, one["input"], int(one["axis"]), size)
    if name in ("H", "W") and _images(graph):
        return _image(graph, name, size)
    if name == "N":
        return _batch(graph, size)
    fixed = [n for n in graph.inputs if graph.values[n].sizes]
    batch = ["N"] if isinstance(_batch(graph, size), Bindings) else []
    known = [*free, *(("H", "W") if _images(graph) else ()), *batch, *(f"{n}.AXIS" for n in fixed[:4])]
    return f"{name!r} is no size of this model; it has {', '.join(known) or 'none'}"


def _axis(graph: Graph, name: str, axis: int, size: int) -> Bindings | str:
    shape = graph.values[name].sizes
    if shape is None:
        return f"input {name!r} has free dimensions: bind them, or sweep one by its name"
    if axis >= len(shape):
        return f"input {name!r} has {len(shape)} axes"
    return Bindings(inputs={name: (*shape[:axis], size, *shape[axis + 1 :])})


def _image(graph: Graph, name: str, size: int) -> Bindings:
    dims: dict[str, int] = {}
    inputs: dict[str, tuple[int, ...]] = {}
    for image, axes in _images(graph).items():
        shape = graph.values[image].shape or ()
        free = [d for d in (shape[a] for a in axes) if isinstance(d, str)]
        if free:
            dims.update(dict.fromkeys(free, size))
            continue
        resized = list(graph.values[image].sizes or ())
        swept = resized[axes["HW".index(name)]]
        for axis in axes:
            resized[axis] = max(1, round(resized[axis] * size / swept))
        inputs[image] = tuple(resized)
    return Bindings(dims, inputs)


def _images(graph: Graph) -> dict[str, tuple[int, int]]:
    """The image inputs of the largest size there is, free ones first, with their axes of height and width."""
    found = {name: axes for name in graph.inputs if (axes := _sides(graph, name)) is not None}

    def area(name: str) -> float:
        shape = graph.values[name].shape or ()
        sides = [d for d in (shape[a] for a in found[name]) if isinstance(d, int)]
        return prod(sides) if len(sides) == len(found[name]) else inf

    most = max(map(area, found), default=0)
    return {name: axes for name, axes in found.items() if area(name) == most}


def _sides(graph: Graph, name: str) -> tuple[int, int] | None:
    """The axes of height and width, where an input looks like an image: its channels known, its sides named or above 1.

    With free sides it looks like one only when it has as many channels as colours have.
    """
    shape = graph.values[name].shape
    if shape is None or len(shape) != 4:
        return None
    few = [isinstance(d, int) and 0 < d <= _CHANNELS for d in shape]
    last = graph.dialect == "tflite" or (few[3] and not few[1])
    sides = shape[1:3] if last else shape[2:4]
    if not isinstance(shape[3 if last else 1], int) or any(d is None or d in (0, 1) for d in sides):
        return None
    if graph.values[name].sizes is None and not (few[3 if last else 1] and any(isinstance(d, str) for d in sides)):
        return None
    return (1, 2) if last else (2, 3)


_CHANNELS = 4
"""Channels an image has at most: grey, colour, colour with transparency."""


def _batch(graph: Graph, size: int) -> Bindings | str:
    shapes = {name: graph.values[name].sizes for name in graph.inputs}
    if None in shapes.values():
        return "the inputs have free dimensions: bind them, or sweep one by its name"
    held = {name: shape for name, shape in shapes.items() if shape}
    if not held:
        return "no input of this model has an axis"
    first = next(iter(held.values()))[0]
    return Bindings(inputs={n: (size, *shape[1:]) for n, shape in held.items() if shape[0] == first})
