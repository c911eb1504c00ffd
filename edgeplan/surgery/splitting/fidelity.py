"""What an encoding of the tensors that cross leaves of a model's outputs, and the bytes it sends: both measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.links.encoding import ENCODINGS
from edgeplan.links.wire import decode, encode
from edgeplan.surgery.compressing.calibration import Samples
from edgeplan.surgery.compressing.fidelity import output_snr
from edgeplan.surgery.runs import RunError, difference
from edgeplan.surgery.splitting.check import run_halves

__all__ = ["Encoded", "encode_sent", "encoded_outputs"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tensors sent in an encoding, over `runs` runs on `samples`.

    `sent` are the bytes of each tensor by name, the mean of the runs; those named in `raw` went as they are, since the
    encoding has no code for their type or for what they hold. `snr` is that of the output that moved most in dB,
    infinite where none did; `worst` its largest difference (root mean square, relative). With no runs `why` says why.
    """

    encoding: str
    sent: Mapping[str, int]
    raw: tuple[str, ...]
    snr: float
    worst: float
    runs: int
    samples: str
    why: str = ""

    @property
    def bytes(self) -> int:
        """Bytes sent up in all."""
        return sum(self.sent.values())


def encoded_outputs(
    device: Sequence[Path],
    cloud: Path,
    samples: Samples,
    crossing: Sequence[str],
    wanted: Sequence[str],
    encodings: Sequence[str] = ENCODINGS,
) -> tuple[Encoded, ...]:
    """The cloud's outputs `wanted` with the tensors `crossing` sent in each encoding, beside those of raw ones.

    `device` is the model that makes the tensors, or none where they are inputs alone. Nothing where it does not run.
    """
    try:
        plain = run_halves([*device, cloud], samples.feeds)
    except RunError:
        return ()
    return tuple(_encoded(name, cloud, samples, plain, crossing, wanted) for name in encodings)


def _encoded(
    encoding: str,
    cloud: Path,
    samples: Samples,
    plain: Sequence[Mapping[str, Array]],
    crossing: Sequence[str],
    wanted: Sequence[str],
) -> Encoded:
    sent: dict[str, list[int]] = {name: [] for name in crossing}
    raw: dict[str, None] = {}
    arrived = []
    for held in plain:
        got = {}
        for name in crossing:
            used, size, got[name] = encode_sent(held[name], encoding)
            sent[name].append(size)
            if used != encoding:
                raw[name] = None
        arrived.append(got)
    means = {name: round(float(np.mean(sizes))) for name, sizes in sent.items()}
    try:
        now = run_halves([cloud], arrived)
    except RunError as e:
        why = f"onnxruntime does not run the cloud's half on what arrives: {e}"
        return Encoded(encoding, means, tuple(raw), -inf, inf, 0, samples.said, why)
    pairs = {name: ([a[name] for a in plain], [b[name] for b in now]) for name in wanted}
    snr = min((output_snr(a, b) for a, b in pairs.values()), default=inf)
    gaps = [difference(np.asarray(x), np.asarray(y)) for a, b in pairs.values() for x, y in zip(a, b, strict=True)]
    return Encoded(encoding, means, tuple(raw), snr, max(gaps, default=0.0), len(now), samples.said)


def encode_sent(array: Array, encoding: str) -> tuple[str, int, Array]:
    """A tensor sent: the encoding used, which is raw where the one wanted has no code for it, bytes, what arrives."""
    for used in (encoding, "raw"):
        try:
            data = encode(array, used)
            return used, len(data), decode(data, array.dtype.name, array.shape, used)
        except ValueError:
            continue
    return "raw", array.nbytes, array
