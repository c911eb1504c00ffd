"""The Neural Engine under Core ML with weights and activations of 8 bits: iPhone 14 Pro and 15 Pro."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.latency.fit import Factors, Fitted, Free
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables import coreml_ane
from benchmarks.latency.tables._coreml import CPU, Measured, dressed, rows, trained, with_attention
from benchmarks.latency.validation import Held
from edgeplan.capability.rows import load_backend
from edgeplan.cost.speeds import ChipSpeed, Speed, all_speeds

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "Core ML, Neural Engine, weights and activations of 8 bits"
ABOUT = """The coremltools guide's three networks with weights and activations quantised, on iPhone 14 Pro and 15 Pro.
Few rows: the rates start from those at float16, with half the bytes and the 1.9 times that an M4 was measured to
multiply faster, and are held close to that. Nobody timed earlier chips: there activations count as floats, in a range
that holds what the A16 gains."""
REACH = {"error": 0.20}
OUT = "coreml/ane_int8"

_BASE = "a16"
_SOURCE = {
    "opt-quantization-perf": "weight & activation, iPhone 14 Pro: MobileNetV2 0.27, ResNet50 0.94, MobileViTv2 1.18 ms",
    "maderix-ane": "M4: 18.6 TOPS at FP16, 35.1 at INT8 W8A8",
}
_CHIPS = {
    "a17pro": Measured(
        Factors(1.0, 1.05, 1.2),
        "fitted on three networks on the iPhone 15 Pro",
        {
            "opt-quantization-perf": "iPhone 15 Pro: MobileNetV2 0.20, ResNet50 0.77, MobileViTv2 1.03 ms",
            "opt-resnet": "iPhone 15 Pro, iOS 18, W8A8: ResNet50 1.07 ms",
        },
        (0.2, 0.2, 0.3),
    )
}
_FLOATS = ("a15", "m1", "m2")
_OLDER = "'In newer hardware with A17 Pro or M4 chips [...] increased throughput'; the A16 gained 1.2 to 1.8 times"
_FASTER = 1.88
"""Times the multiply-accumulates of float16, on an M4."""


def runs() -> list[Run]:
    """Float networks as though quantised."""
    return rows("coreml_ane", assume=("w8a8",))


def speeds() -> tuple[Speed, ...]:
    """The rates at float16 as they start, on the iPhone 14 Pro; weights count as float16 and travel as int8."""
    base, chip = coreml_ane.speeds()[0], coreml_ane.CHIPS[_BASE].start
    start = msgspec.structs.replace(
        base,
        precision=("int8",),
        chips=(_BASE,),
        floor=base.floor * chip.fixed * 0.5,
        launch={k: v * chip.fixed for k, v in base.launch.items()},
        gmacs={k: v * chip.work * _FASTER for k, v in base.gmacs.items()},
        gbytes={k: v * chip.traffic * (2 if k == "weights" else 1) for k, v in base.gbytes.items()},
        penalty=tuple(
            msgspec.structs.replace(p, us=p.us * chip.fixed, ns_per_kb=p.ns_per_kb * chip.fixed) for p in base.penalty
        ),
    )
    return start, CPU


_FREE = (
    Free("0.floor", 0.3),
    Free("0.launch.matmul", 0.3),
    Free("0.gmacs.*", 0.3),
    Free("0.gmacs.depthwise", 0.15),
    Free("0.gbytes.*", 0.15),
    Free("0.gbytes.weights", 0.3),
    Free("0.gbytes.near", 0.15),
    Free("0.penalty.swish", 0.8),
)


def train(loaded: Sequence[Loaded]) -> Fitted:
    """Close to where it starts: three networks say little."""
    return trained(loaded, speeds(), _FREE, _CHIPS, noise=0.12)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """Three networks give no spread: that of float16, with as much again on either side."""
    table = "iPhone 14 Pro, 15 Pro"
    speed, chips = dressed(fitted, held, table, __name__, _SOURCE, _BASE, "ane", ("int8",), _CHIPS)
    newer = msgspec.structs.replace(with_attention(speed), spread=(0.68, 1.5))
    older, more = _as_floats()
    return [newer, older], [*(msgspec.structs.replace(c, widen=1.1) for c in chips), *more]


def _as_floats() -> tuple[Speed, list[ChipSpeed]]:
    """On chips before the A16, the published figures at float16 with each byte of activations counted twice."""
    published = all_speeds(load_backend("coreml"))
    float16 = next(s for s in published.speed if coreml_ane.BASE in s.chips and "float16" in s.precision)
    older = msgspec.structs.replace(
        float16,
        precision=("int8",),
        gbytes={k: v if k == "weights" else v / 2 for k, v in float16.gbytes.items()},
        near_bytes=float16.near_bytes // 2,
        spread=(0.62, 1.45),
        note="Nobody timed quantised activations on chips before the A16: they count as floats.",
        source={**float16.source, "opt-quantization-perf": _OLDER},
    )
    told = [
        msgspec.structs.replace(c, precision=("int8",), widen=1.3)
        for c in published.chip
        if c.chip in _FLOATS and "ane" in c.unit and c.precision == ("float16",)
    ]
    return older, told
