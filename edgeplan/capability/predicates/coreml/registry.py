"""What coremltools' registry of MIL ops has for a release: ops, element types, inputs that must be constant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from edgeplan.graph import DType, Op, Value
from edgeplan.shipped import shipped

__all__ = [
    "outside_mil_ios_13",
    "outside_mil_ios_15",
    "outside_mil_ios_16",
    "outside_mil_ios_17",
    "outside_mil_ios_18",
]


def outside_mil_ios_13(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """MIL for iOS 13 and 14 lacks the op, or an input is of a type it does not take or must be constant and is not."""
    return _outside("iOS 13", op, inputs)


def outside_mil_ios_15(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """MIL for iOS 15 lacks the op, or an input is of a type it does not take or must be constant and is not."""
    return _outside("iOS 15", op, inputs)


def outside_mil_ios_16(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """MIL for iOS 16 lacks the op, or an input is of a type it does not take or must be constant and is not."""
    return _outside("iOS 16", op, inputs)


def outside_mil_ios_17(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """MIL for iOS 17 lacks the op, or an input is of a type it does not take or must be constant and is not."""
    return _outside("iOS 17", op, inputs)


def outside_mil_ios_18(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """MIL from iOS 18 on lacks the op, or an input is of a type it does not take or must be constant and is not."""
    return _outside("iOS 18", op, inputs)


@dataclass(frozen=True, slots=True)
class _Input:
    """An input of an op: its type domain (inputs of one domain are of one type), its types, whether it is constant."""

    domain: str
    types: frozenset[str]
    const: bool


def _outside(release: str, op: Op, inputs: tuple[Value, ...]) -> bool | None:
    """Whether `InputSpec.validate_inputs` would raise; parameters that are attributes are constants of the right type.

    Source: coremltools 9.0, `converters/mil/mil/input_type.py`.
    """
    if op.domain not in ("", "mil"):
        return False
    spec = _registry(release).get(op.type)
    if spec is None:
        return True
    met: dict[str, DType] = {}
    unknown = False
    for port, value in zip(op.ports, inputs, strict=True):
        given = spec.get(port)
        if given is None or (given.const and not value.const):
            return True
        if not given.types:
            continue
        if value.dtype is None:
            unknown = True
            continue
        first = met.setdefault(given.domain, value.dtype) if given.domain else value.dtype
        if value.dtype.label not in given.types or first is not value.dtype:
            return True
    return None if unknown else False


@lru_cache(maxsize=8)
def _registry(release: str) -> Mapping[str, Mapping[str, _Input]]:
    """Op to port to input as one release has them; source: `rules/coreml/mil.json`."""
    table = json.loads((shipped("_rules", "rules") / "coreml" / "mil.json").read_text("utf-8"))["ops"]
    found: dict[str, Mapping[str, _Input]] = {}
    for op, releases in table.items():
        # Release names sort as their numbers do: all have two digits.
        spec = next((releases[r] for r in sorted(releases, reverse=True) if r <= release), None)
        if spec is not None:
            found[op] = {port: _read(text, spec["types"]) for port, text in spec["inputs"].items()}
    return found


def parameters(op: str) -> frozenset[str]:
    """The inputs of an op that must be constant in every release."""
    return _parameters().get(op, frozenset())


@lru_cache(maxsize=1)
def _parameters() -> Mapping[str, frozenset[str]]:
    releases = [_registry(r) for r in ("iOS 13", "iOS 18")]
    return {
        op: frozenset(p for p, given in spec.items() if all(r[op][p].const for r in releases if p in r.get(op, {})))
        for op, spec in releases[-1].items()
        if any(given.const for given in spec.values())
    }


def _read(text: str, domains: Mapping[str, list[str]]) -> _Input:
    domain, _, flags = text.partition(" ")
    types = domains.get(domain) or (domain.split("|") if domain else [])
    return _Input(domain if domain in domains else "", frozenset(types), "c" in flags)
