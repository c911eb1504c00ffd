"""Rows compiled to closures over an op's facts: three-valued, no eval, one pass per distinct op."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeplan.capability.predicates import PREDICATES
from edgeplan.capability.rows import Row
from edgeplan.graph import Op, Value

__all__ = ["Facts", "Truth", "all_of", "applies", "compile_row", "matches", "parse_path"]

Truth = bool | None
"""Kleene's three values: None means that an unknown dimension, type or constant could decide either way."""

_PATH = re.compile(
    r"^(?:attr\.(?P<attr>\w+)|(?P<port>\w+)\.(?P<fact>dtype|rank|shape|const|size|bytes|static|value|present)|opset)(?:\[(?P<index>-?\d+)\])?$"
)
_ABSENT = object()
_GROUPS = ("any", "in", "out")
"""Pseudo-ports: some tensor of the op, some input, some output."""


@dataclass(frozen=True, slots=True)
class Facts:
    """An op with the values it touches: all a row may ask about."""

    op: Op
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]

    def port(self, name: str) -> tuple[Value, ...]:
        """The values at a port; `any`, `in` and `out` name groups of them."""
        if name == "in":
            return self.inputs
        if name == "out":
            return self.outputs
        if name == "any":
            return (*self.inputs, *self.outputs)
        return tuple(v for p, v in zip(self.op.ports, self.inputs, strict=True) if p == name)


@dataclass(frozen=True, slots=True)
class Path:
    """A fact's address: `attr.pads[0]`, `x.shape[-1]`, `any.rank`, `opset`."""

    attr: str | None
    port: str | None
    fact: str | None
    index: int | None


def parse_path(text: str) -> Path:
    """Read an address. Raises `ValueError` with the address when it is outside the closed vocabulary."""
    m = _PATH.match(text)
    if m is None:
        raise ValueError(f"no such fact: {text!r}")
    index = m["index"]
    return Path(m["attr"], m["port"], m["fact"], None if index is None else int(index))


def all_of(truths: Sequence[Truth]) -> Truth:
    """Kleene's and."""
    return False if False in truths else None if None in truths else True


def _any_of(truths: Sequence[Truth]) -> Truth:
    return True if True in truths else None if None in truths else False


def matches(spec: Any, fact: Any) -> Truth:
    """Hold one fact against a matcher: a scalar (equals), a list (one of) or {min, max, multiple_of, every, some}."""
    if fact is None:
        return None
    if not isinstance(spec, Mapping):
        if isinstance(fact, tuple) and isinstance(spec, list) and not any(isinstance(s, list) for s in spec):
            return all_of([len(fact) == len(spec), *(matches(s, f) for s, f in zip(spec, fact, strict=False))])
        options = spec if isinstance(spec, list) else [spec]
        return any(
            list(fact) == o if isinstance(o, list) else fact == o and isinstance(fact, bool) == isinstance(o, bool)
            for o in options
        )
    out: list[Truth] = []
    for key, want in spec.items():
        if key in ("every", "some"):
            each = [matches(want, e) for e in fact]
            out.append(all_of(each) if key == "every" else _any_of(each))
        elif isinstance(fact, str):
            return None  # a named dimension: its size is not known yet
        elif key == "min":
            out.append(fact >= want)
        elif key == "max":
            out.append(fact <= want)
        elif key == "multiple_of":
            out.append(fact % want == 0)
        else:
            raise ValueError(f"no such matcher: {key!r}")
    return all_of(out)


def _value_fact(value: Value, fact: str) -> Any:
    if fact == "dtype":
        return None if value.dtype is None else value.dtype.label
    if fact == "rank":
        return None if value.shape is None else len(value.shape)
    if fact == "shape":
        return None if value.shape is None else tuple(d if isinstance(d, int) else None for d in value.shape)
    if fact == "const":
        return value.const
    if fact == "size":
        return value.elements
    if fact == "bytes":
        return value.bytes
    if fact == "static":
        return value.elements is not None
    return value.data


def _at(fact: Any, index: int | None) -> Any:
    if index is None or fact is None or fact is _ABSENT:
        return fact
    return fact[index] if -len(fact) <= index < len(fact) else _ABSENT


def _condition(path: Path, spec: Any) -> Callable[[Facts], Truth]:
    if path.attr is not None:
        attr, index = path.attr, path.index

        def by_attr(f: Facts) -> Truth:
            fact = _at(f.op.attrs.get(attr, _ABSENT), index)
            return False if fact is _ABSENT else matches(spec, fact)

        return by_attr
    if path.port is None:
        return lambda f: matches(spec, f.op.version)
    port, name = path.port, path.fact
    assert name is not None
    if name == "present":
        return lambda f: bool(f.port(port)) is spec

    def by_port(f: Facts) -> Truth:
        facts = [_at(_value_fact(v, name), path.index) for v in f.port(port)]
        return _any_of([matches(spec, x) for x in facts if x is not _ABSENT])

    return by_port


def compile_row(row: Row) -> Callable[[Facts], Truth]:
    """The row's condition as one function. An absent attribute or optional input matches nothing."""
    when = [_condition(parse_path(p), s) for p, s in row.when.items()]
    unless = [_condition(parse_path(p), s) for p, s in row.unless.items()]
    check = PREDICATES[row.check] if row.check else None

    def holds(f: Facts) -> Truth:
        truths = [c(f) for c in when]
        if unless:
            u = all_of([c(f) for c in unless])
            truths.append(None if u is None else not u)
        if check is not None:
            truths.append(check(f.op, f.inputs, f.outputs))
        return all_of(truths)

    return holds


def applies(row: Row, facts: Facts) -> Truth:
    """Whether one row holds for one op: what the row's own `hits` and `misses` are tested with."""
    if facts.op.label not in row.ops and "*" not in row.ops:
        return False
    return compile_row(row)(facts)
