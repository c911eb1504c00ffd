"""An ONNX file as its bytes: its nodes by name, and the same file without some of them. Needs nothing but Python.

Protobuf messages are walked as (field number, where the field starts, where its content starts, where it ends).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Model", "Node"]

_GRAPH = 7
_NODE, _INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO = 1, 5, 11, 12, 13
_NAME = {_INITIALIZER: 8, _INPUT: 1, _OUTPUT: 1, _VALUE_INFO: 1}
"""Fields of a graph, and the field with the name in each."""


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    while at < end:
        start = at
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 2:
            size, at = _varint(data, at)
            body, at = at, at + size
        elif kind == 0:
            body = at
            _, at = _varint(data, at)
        else:
            body, at = at, at + {1: 8, 5: 4}[kind]
        yield key >> 3, start, body, at


def _framed(number: int, content: bytes) -> bytes:
    size, out = len(content), bytearray([number << 3 | 2])
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    return bytes(out) + content


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the model's graph. `reads` are the values it takes, and `inner` the names of the nodes in its bodies.

    What its bodies read is among `reads`; `start` is where it lies in the file.
    """

    name: str
    type: str
    reads: frozenset[str]
    outputs: tuple[str, ...]
    inner: tuple[str, ...]
    start: int


class Model:
    """An ONNX file as its bytes, with the nodes of its graph."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.graph = next((b, e) for n, _, b, e in _fields(data, 0, len(data)) if n == _GRAPH)
        fields = list(_fields(data, *self.graph))
        self.nodes = [_node(data, s, b, e) for n, s, b, e in fields if n == _NODE]
        self._named = [(n, _text(data, b, e, _NAME[n]) if n in _NAME else "", s, e) for n, s, b, e in fields]
        self._typed = {_text(data, b, e, 1): data[b:e] for n, _, b, e in fields if n in (_INPUT, _OUTPUT, _VALUE_INFO)}

    def readers(self, values: set[str]) -> list[Node]:
        """The nodes that read some of the values."""
        return [n for n in self.nodes if not values.isdisjoint(n.reads)]

    def behind(self, cut: Iterable[Node]) -> list[Node]:
        """The nodes that cannot be judged once some are cut out: what they read is then of no known type."""
        found: dict[int, Node] = {}
        waiting = list(cut)
        while waiting:
            untyped = {o for o in waiting.pop().outputs if o not in self._typed}
            fresh = [n for n in self.readers(untyped) if n.start not in found] if untyped else []
            found.update((n.start, n) for n in fresh)
            waiting += fresh
        return list(found.values())

    def without(self, cut: Iterable[Node], bad: set[str]) -> bytes:
        """The model without some nodes, inputs and initializers. What the others read of those nodes are inputs."""
        gone = {n.start for n in cut}
        made = {o for n in self.nodes if n.start in gone for o in n.outputs}
        read = {v for n in self.nodes if n.start not in gone for v in n.reads}
        graph = []
        for number, name, start, end in self._named:
            stale = number in (_OUTPUT, _VALUE_INFO) and name in made
            if not (number == _NODE and start in gone or stale or name in bad):
                graph.append(self.data[start:end])
        graph += [_framed(_INPUT, self._typed[name]) for name in sorted(made & read - bad) if name in self._typed]
        return b"".join(
            _framed(_GRAPH, b"".join(graph)) if number == _GRAPH else self.data[start:end]
            for number, start, _, end in _fields(self.data, 0, len(self.data))
        )


def _text(data: bytes, at: int, end: int, number: int) -> str:
    return next(iter(_texts(data, at, end, number)), "")


def _texts(data: bytes, at: int, end: int, number: int) -> Iterator[str]:
    return (data[b:e].decode(errors="replace") for n, _, b, e in _fields(data, at, end) if n == number and b < e)


def _node(data: bytes, start: int, body: int, end: int) -> Node:
    reads, inner = set(_texts(data, body, end, 1)), []
    for number, _, b, e in _fields(data, body, end):
        for n, _, graph, last in _fields(data, b, e) if number == 5 else ():
            if n in (6, 11):  # the graph of an attribute, or several
                for k, s, at, stop in _fields(data, graph, last):
                    if k == _NODE:
                        found = _node(data, s, at, stop)
                        inner += [found.name, *found.inner]
                        reads |= found.reads
    outputs = tuple(_texts(data, body, end, 2))
    return Node(_text(data, body, end, 3), _text(data, body, end, 4), frozenset(reads), outputs, tuple(inner), start)
