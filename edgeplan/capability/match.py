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
    r"^(?:attr\.(?P<attr>\w+)|(?P<port>\w+)\.(?P<fact>dtype|rank|shape|const|size|bytes|static|value|quantization|present|from)|opset)(?:\[(?P<index>-?\d+)\])?$"
)
_ABSENT = object()
_GROUPS = ("any", "in", "out")
"""Pseudo-ports: some tensor of the op, some input, some output."""


@dataclass(frozen=True, slots=True)
class Facts:
    """An op with the values it touches: all a row may ask about.

    `makers` are, one an input, the label of the op that makes it, `input` for a model input, `weight` for a constant.
    """

    op: Op
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    makers: tuple[str, ...] = ()

    def port(self, name: str) -> tuple[Value, ...]:
        """The values at a port; `any`, `in` and `out` name groups of them."""
        if name == "in":
            return self.inputs
        if name == "out":
            return self.outputs
        if name == "any":
            return (*self.inputs, *self.outputs)
        return tuple(v for p, v in zip(self.op.ports, self.inputs, strict=True) if p == name)

    def made_by(self, name: str) -> tuple[str, ...]:
        """What makes the values at an input port, or at some input (`in`, `any`)."""
        return tuple(m for p, m in zip(self.op.ports, self.makers, strict=True) if p == name or name in ("in", "any"))


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
    return _matcher(spec)(fact)


def _matcher(spec: Any) -> Callable[[Any], Truth]:
    """The matcher as a function of the fact; an unknown fact is unknown."""
    if isinstance(spec, Mapping):
        parts = [_part(key, want) for key, want in spec.items()]
        if len(parts) == 1:
            return parts[0]
        return lambda fact: all_of([part(fact) for part in parts])
    if isinstance(spec, list):
        return _one_of(spec)
    boolean = isinstance(spec, bool)
    return lambda fact: None if fact is None else fact == spec and isinstance(fact, bool) == boolean


def _one_of(options: list[Any]) -> Callable[[Any], Truth]:
    lists = any(isinstance(o, list) for o in options)
    each = [_matcher(o) for o in options if not isinstance(o, list)]

    def one_of(fact: Any) -> Truth:
        if fact is None:
            return None
        if isinstance(fact, tuple):
            if lists:
                return list(fact) in options
            return all_of([len(fact) == len(each), *(m(f) for m, f in zip(each, fact, strict=False))])
        return any(m(fact) for m in each)

    return one_of


def _part(key: str, want: Any) -> Callable[[Any], Truth]:
    """One key of a matcher that is a table. A named dimension has no size yet: it is unknown to bounds."""
    if key in ("every", "some"):
        inner, combine = _matcher(want), all_of if key == "every" else _any_of
        return lambda fact: None if fact is None else combine([inner(e) for e in fact])
    if key == "min":
        return lambda fact: None if fact is None or isinstance(fact, str) else fact >= want
    if key == "max":
        return lambda fact: None if fact is None or isinstance(fact, str) else fact <= want
    if key == "multiple_of":
        return lambda fact: None if fact is None or isinstance(fact, str) else fact % want == 0
    raise ValueError(f"no such matcher: {key!r}")


def _shape(value: Value) -> tuple[int | None, ...] | None:
    return None if value.shape is None else tuple(d if isinstance(d, int) else None for d in value.shape)


_FACTS: Mapping[str, Callable[[Value], Any]] = {
    "bytes": lambda v: v.bytes,
    "const": lambda v: v.const,
    "dtype": lambda v: None if v.dtype is None else v.dtype.label,
    "quantization": lambda v: v.quantization,
    "rank": lambda v: None if v.shape is None else len(v.shape),
    "shape": _shape,
    "size": lambda v: v.elements,
    "static": lambda v: v.elements is not None,
    "value": lambda v: v.data,
}
"""What a value tells, by the name that an address ends in."""


def _at(fact: Any, index: int | None) -> Any:
    if index is None or fact is None or fact is _ABSENT:
        return fact
    return fact[index] if -len(fact) <= index < len(fact) else _ABSENT


def _condition(path: Path, spec: Any) -> Callable[[Facts], Truth]:
    holds, index = _matcher(spec), path.index
    if path.attr is not None:
        attr = path.attr

        def by_attr(f: Facts) -> Truth:
            fact = _at(f.op.attrs.get(attr, _ABSENT), index)
            return False if fact is _ABSENT else holds(fact)

        return by_attr
    if path.port is None:
        return lambda f: holds(f.op.version)
    port = path.port
    if path.fact == "present":
        return lambda f: bool(f.port(port)) is spec
    if path.fact == "from":
        return lambda f: _any_of([holds(maker) for maker in f.made_by(port)])
    fact_of = _FACTS[path.fact or ""]

    def by_port(f: Facts) -> Truth:
        found: Truth = False
        for value in f.port(port):
            fact = _at(fact_of(value), index)
            truth = False if fact is _ABSENT else holds(fact)
            if truth:
                return True
            if truth is None:
                found = None
        return found

    return by_port


def compile_row(row: Row) -> Callable[[Facts], Truth]:
    """The row's condition as one function. An absent attribute or optional input matches nothing."""
    when = [_condition(parse_path(p), s) for p, s in row.when.items()]
    unless = [_condition(parse_path(p), s) for p, s in row.unless.items()]
    check = PREDICATES[row.check] if row.check else None

    def holds(f: Facts) -> Truth:
        found: Truth = True
        for condition in when:
            truth = condition(f)
            if truth is False:
                return False
            found = found and truth
        if unless:
            excepted = all_of([c(f) for c in unless])
            if excepted:
                return False
            found = None if excepted is None else found
        if check is not None:
            truth = check(f.op, f.inputs, f.outputs)
            return truth if found or truth is False else None
        return found

    return holds


def applies(row: Row, facts: Facts) -> Truth:
    """Whether one row holds for one op: what the row's own `hits` and `misses` are tested with."""
    if facts.op.label not in row.ops and "*" not in row.ops:
        return False
    return compile_row(row)(facts)
