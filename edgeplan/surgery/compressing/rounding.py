"""What a scheme leaves of a weight, computed as the tools do it: rounded to scales, held in palettes, cut to zero."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.lower.scheme import Scheme
from edgeplan.surgery.compressing.palettes import palette_errors

__all__ = ["channel_rows", "decibels", "quantised", "scheme_errors"]

_SAMPLE = 1 << 22
"""Elements of a weight that are looked at: of larger ones, so many in channels evenly spread over it."""

_GROUPED = 1 << 20
"""Elements of a weight that are put into palettes of groups: of larger ones, so many in groups evenly spread."""

_RUN = 32
"""Channels in a row that are taken where not all are: palettes and groups need neighbours."""

Array = NDArray[Any]
Floats = NDArray[np.float32]


def decibels(signal: float, error: float) -> float:
    """Signal over error, both sums of squares; infinite where there is no error."""
    if error <= 0:
        return inf
    return 10 * log10(signal / error) if signal > 0 else -inf


def channel_rows(array: Array, outputs: int, inputs: int) -> Array:
    """A view of a weight as (output channels, input channels, all else)."""
    turned = np.moveaxis(array, (outputs, inputs), (0, 1))
    return np.asarray(turned.reshape(*turned.shape[:2], -1))


def scheme_errors(array: Array, outputs: int | None, inputs: int | None, schemes: Iterable[Scheme]) -> dict[str, float]:
    """The SNR in dB of a weight by scheme, by its name; none for a scheme that cannot be applied to it.

    That is where the weight has no channels, or a number that the block or group does not divide, or where it is not
    finite. Scales are those of the largest magnitude, symmetric to 0 (8 bits: -127 to 127), and are not rounded;
    palettes are k-means of the weights in float16; sparsity cuts the smallest magnitudes of the whole tensor.
    """
    whole = array.reshape(1, 1, -1) if outputs is None or inputs is None else channel_rows(array, outputs, inputs)
    rows = _sampled(whole).astype(np.float32)
    if not np.isfinite(rows).all():
        return {}
    largest = max(float(whole.max()), -float(whole.min())) if whole.size else 0.0
    wanted = tuple(schemes)
    kept = _Rows(rows, largest, len(whole) if outputs is not None else 0, wanted)
    found = {scheme.name: kept.error(scheme) for scheme in wanted}
    return {name: decibels(kept.signal, error) for name, error in found.items() if error is not None}


def _sampled(rows: Array) -> Array:
    """All channels, or runs of neighbours that are evenly spread over a weight too large to be looked at."""
    count = len(rows)
    wanted = max(_SAMPLE // max(rows[0].size, 1), 1) if count else count
    if rows.size <= _SAMPLE or wanted >= count:
        return rows
    runs = max(wanted // _RUN, 1)
    starts = np.linspace(0, max(count - _RUN, 0), runs).astype(int) // _RUN * _RUN
    return np.asarray(rows[np.unique((starts[:, None] + np.arange(_RUN)).clip(max=count - 1))])


def quantised(blocks: Floats, bits: int, axes: tuple[int, ...], largest: float | None = None) -> tuple[Floats, Floats]:
    """Weights in steps of their scales, not yet rounded, and the scales: `axes` are those that share one.

    A scale takes the largest magnitude, `largest` where that is given, to the largest number of `bits` bits.
    """
    highest = (1 << (bits - 1)) - 1
    top = np.abs(blocks).max(axis=axes, keepdims=True) if largest is None else np.full((1,) * blocks.ndim, largest)
    scale = (np.where(top > 0, top, highest) / highest).astype(np.float32)
    with np.errstate(invalid="ignore"):  # infinite weights
        return blocks / scale, scale


class _Rows:
    """A weight in rows of output channels, and what is worked out of it once for all schemes."""

    def __init__(self, rows: Floats, largest: float, channels: int, wanted: Iterable[Scheme]) -> None:
        self.rows, self.largest, self.channels = rows, largest, channels
        self.bits: dict[tuple[int, float], set[int]] = {}  # of palettes of one size of group and one sparsity
        for scheme in wanted:
            if scheme.form == "palette":
                self.bits.setdefault((scheme.size, scheme.sparsity), set()).add(scheme.bits)
        self._palettes: dict[tuple[int, float], dict[int, float]] = {}
        self.signal = _energy(rows)
        limit = float(np.finfo(np.float16).max)
        self.half = rows.clip(-limit, limit).astype(np.float16)
        self.rounded = _energy(rows - self.half)
        self._known: dict[object, float | None] = {}
        self._cuts: dict[float, float] = {}

    def error(self, scheme: Scheme) -> float | None:
        """The sum of squared errors; None where the scheme cannot be applied."""
        name = scheme.name if scheme.form == "float" else ""
        key = (name, scheme.form, scheme.bits, scheme.per, scheme.size, scheme.sparsity)
        if key not in self._known:
            self._known[key] = self._error(scheme)
        return self._known[key]

    def _error(self, scheme: Scheme) -> float | None:
        if scheme.per in ("channel", "block", "group") and not self._divides(scheme):
            return None
        cut = self._cut(scheme.sparsity) if scheme.sparsity else -1.0
        if scheme.form == "linear":
            return self._linear(scheme, cut)
        if scheme.form == "palette":
            return self._palette(scheme, cut)
        if scheme.sparsity:
            gone = np.abs(self.rows) <= cut
            return _energy(self.rows[gone])
        return {"fp16": self.rounded, "bf16": _energy(self.rows - _bfloat16(self.rows))}.get(scheme.name, 0.0)

    def _divides(self, scheme: Scheme) -> bool:
        count = self.rows.shape[1] if scheme.per == "block" else self.channels
        return self.channels > 0 and count % max(scheme.size, 1) == 0

    def _cut(self, sparsity: float) -> float:
        """The magnitude up to which weights are cut, so that this part of them is."""
        if sparsity not in self._cuts:
            sizes = np.bincount(np.abs(self.half).reshape(-1).view(np.uint16), minlength=1 << 15)
            at = int(np.searchsorted(np.cumsum(sizes), sparsity * self.half.size))
            self._cuts[sparsity] = float(np.array([at], np.uint16).view(np.float16)[0])
        return self._cuts[sparsity]

    def _linear(self, scheme: Scheme, cut: float) -> float:
        count, inner, rest = self.rows.shape
        blocks, axes = self.rows, (1, 2)
        if scheme.per == "block":
            blocks, axes = self.rows.reshape(count, inner // scheme.size, scheme.size, rest), (2, 3)
        steps, scale = quantised(blocks, scheme.bits, axes, self.largest if scheme.per == "tensor" else None)
        steps -= np.rint(steps)
        steps *= scale
        if cut >= 0:
            np.copyto(steps, blocks, where=np.abs(blocks) <= cut)
        return _energy(steps)

    def _palette(self, scheme: Scheme, cut: float) -> float:
        """Found with all other widths of index for the same groups and sparsity."""
        key = (scheme.size, scheme.sparsity)
        if key not in self._palettes:
            half, gone = self.half, 0.0
            if cut >= 0:
                zero = np.abs(half) <= cut
                half, gone = np.where(zero, np.float16(0), half), _energy(self.rows[zero])
            rows = _groups(half, scheme.size)
            part = half.size / rows.size
            errors = palette_errors(rows, self.bits[key], zeros=cut < 0)
            self._palettes[key] = {b: float(e.sum()) * part + gone + self.rounded for b, e in errors.items()}
        return self._palettes[key][scheme.bits]


def _groups(half: NDArray[np.float16], size: int) -> NDArray[np.float16]:
    """A weight in rows of groups of so many channels, 0 for all; of many large ones, some that are evenly spread."""
    size = size or len(half)
    count = max(len(half) // size, 1)
    rows = half[: count * size].reshape(count, -1)
    wanted = max(_GROUPED // max(rows.shape[1], 1), 1)
    return rows if count <= wanted or count == 1 else rows[np.linspace(0, count - 1, wanted).astype(int)]


def _energy(array: NDArray[Any]) -> float:
    flat = np.ascontiguousarray(array, np.float32).reshape(-1)
    return float(np.vdot(flat, flat))


def _bfloat16(rows: Floats) -> Floats:
    """Rounded to the nearest number with eight bits of fraction, to even where two are as near."""
    bits = rows.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)
