"""Fitted speeds as the TOML that `edgeplan.cost.speeds` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from edgeplan.cost.speeds import Align, ChipSpeed, Penalty, Speed

__all__ = ["speeds_toml"]


def speeds_toml(title: str, command: str, speeds: Sequence[Speed], chips: Sequence[ChipSpeed]) -> str:
    """One file: a heading that says what wrote it, every speed, every chip that was measured."""
    lines = [f"# {title}", f"# Written by `{command}`: a change here is lost with its next run.", ""]
    for speed in speeds:
        lines += [*_speed(speed), ""]
    for chip in chips:
        lines += [*_chip(chip), ""]
    return "\n".join(lines).rstrip() + "\n"


def _speed(s: Speed) -> Iterator[str]:
    yield "[[speed]]"
    for key in ("unit", "precision", "chips"):
        yield f"{key:<10} = {_value(getattr(s, key))}"
    for key in ("since", "until", "note"):
        if getattr(s, key):
            yield f"{key:<10} = {_value(getattr(s, key))}"
    yield f"floor      = {_number(s.floor)}"
    for key in ("launch", "gmacs", "gbytes"):
        yield f"{key:<10} = {_value(getattr(s, key))}"
    yield f"overlap    = {_number(s.overlap)}"
    for key in ("bits", "near_bytes"):
        if getattr(s, key):
            yield f"{key:<10} = {getattr(s, key)}"
    if s.align != Align():
        kept = {k: getattr(s.align, k) for k in ("input", "output", "row", "packed") if getattr(s.align, k) > 1}
        yield f"align      = {_value(kept)}"
    if s.fuses:
        yield f"fuses      = {_value(s.fuses)}"
    if s.regions:
        yield "regions    = true"
    if not s.gates:
        yield "gates      = false"
    yield f"spread     = {_value(tuple(s.spread))}"
    if s.doubt:
        yield f"doubt      = {_value(s.doubt)}"
    f = s.fit
    fit = {"table": f.table, "script": f.script, "models": f.models, "rows": f.rows}
    yield f"fit        = {_value({**fit, 'error': f.error, 'rank': f.rank, 'covered': f.covered})}"
    yield f"source     = {_value(s.source)}"
    for penalty in s.penalty:
        yield ""
        yield from _penalty(penalty)


def _penalty(p: Penalty) -> Iterator[str]:
    yield "[[speed.penalty]]"
    for key in ("name", "ops", "why", "when", "unless"):
        if getattr(p, key):
            yield f"{key:<10} = {_value(getattr(p, key))}"
    for key in ("us", "ns_per_kb"):
        if getattr(p, key):
            yield f"{key:<10} = {_number(getattr(p, key))}"
    if p.scales != "fixed":
        yield f"scales     = {_value(p.scales)}"
    yield f"source     = {_value(p.source)}"


def _chip(c: ChipSpeed) -> Iterator[str]:
    yield "[[chip]]"
    for key in ("chip", "unit", "precision", "since", "until", "like"):
        if getattr(c, key):
            yield f"{key:<10} = {_value(getattr(c, key))}"
    for key in ("work", "traffic", "fixed", "widen"):
        yield f"{key:<10} = {_number(getattr(c, key))}"
    yield f"measured   = {_value(c.measured)}"
    yield f"why        = {_value(c.why)}"
    yield f"source     = {_value(c.source)}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    raise TypeError(f"no TOML for {value!r}")


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)


def _number(n: float) -> str:
    """Three digits: fitted figures are no better."""
    if isinstance(n, int) or n == int(n):
        return str(int(n))
    return f"{float(f'{n:.3g}'):.6f}".rstrip("0").rstrip(".") if abs(n) >= 1e-3 else f"{n:.3g}"
