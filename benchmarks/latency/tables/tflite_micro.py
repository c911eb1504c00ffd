"""TensorFlow Lite Micro at int8: MLPerf Tiny's four networks on a Cortex-M4, person detection on Espressif's chips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from benchmarks.latency.dress import UNFITTED
from benchmarks.latency.fit import Factors, Fitted, Free, fit
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._tflite import STRANGE, Measured, chips_of, dressed, runs_of
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "LiteRT for Microcontrollers, int8"
ABOUT = """MLPerf Tiny's reference submission of 2021 (TensorFlow Lite Micro with CMSIS-NN on a NUCLEO-L4R5ZI at 120
MHz), the same networks and board a year later under microTVM with the CMSIS-NN of that time, which is nearer to what
a firmware built today has, and Espressif's own figures of person detection with ESP-NN. The two years are a factor of
two apart in convolutions; the range has to hold that. Five networks are no cross-validation to speak of."""
REACH = {"covered": (0.75, 1.0)}
OUT = "tflite-micro/cores"

_BASE = "stm32l4r5"
_ONE_NETWORK = 1.5
"""Of a chip with one network, nothing can be held out."""
_START = {"esp32": Factors(1.0, 1.0, 1.0), "esp32-s3": Factors(7, 7, 0.3)}
_SOURCE = {"mlperf-tiny-v05": "reference, Nucleo-L4R5ZI", "mlperf-tiny-v10": "OctoML, microtvm_cmsis_nn, NUCLEO_L4R5ZI"}
_CHIPS = {
    "esp32": Measured("person detection with ESP-NN at 240 MHz", {"esp-tflite-micro": "ESP32: 380 ms"}),
    "esp32-s3": Measured("person detection with ESP-NN at 240 MHz", {"esp-tflite-micro": "ESP32-S3: 54 ms"}),
}


def runs() -> list[Run]:
    """Networks stored as integers."""
    return [replace(run, backend="tflite-micro", use=(), assume="") for run in runs_of(("micro",), "cpu", 8)]


def speeds() -> tuple[Speed, ...]:
    """Nothing hides anything on such a core: work and traffic add up."""
    return (
        Speed(
            unit=("cpu",),
            precision=("int8",),
            chips=(_BASE,),
            launch={"*": 30},
            gmacs={"*": 0.03, "depthwise": 0.008},
            gbytes={"*": 0.02, "weights": 0.05},
            spread=(0.6, 1.6),
            fit=UNFITTED,
            doubt=STRANGE,
            source={},
            floor=100,
            overlap=1,
            fuses=("activation",),
        ),
    )


def train(loaded: Sequence[Loaded]) -> Fitted:
    """Rates, and how many times as fast a chip with a single network is."""
    chips = chips_of(loaded, _BASE, _START)
    free = [Free(f"0.gmacs.{k}", 0.5) for k in ("*", "depthwise")] + [
        Free(f"0.gbytes.{k}", 0.5) for k in ("*", "weights")
    ]
    free += [Free("0.launch.*", 0.4), *(Free(f"chip.{chip}.work", 1.0) for chip in chips)]
    return fit(loaded, speeds(), free, chips, noise=0.3)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """The spread holds the slowest and the fastest of the held-out runs on the board."""
    ratios = sorted(h.ratio for h in held if h.loaded.target.device.chip_id == _BASE)
    spread = min(ratios[0], 0.6), max(ratios[-1], 1.6)
    found, chips = dressed(fitted, held, "MLPerf Tiny", __name__, _SOURCE, _BASE, ("cpu",), _CHIPS, spread)
    return found, [msgspec.structs.replace(chip, widen=_ONE_NETWORK) for chip in chips]
