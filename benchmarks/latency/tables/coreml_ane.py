"""The Neural Engine under Core ML at float16: iPhone 12 as the base, iPhones 13 to 15 Pro as factors of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.latency.dress import UNFITTED
from benchmarks.latency.fit import Factors, Fitted, Free
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._coreml import CPU, Measured, dressed, rows, trained, with_attention
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Penalty, Speed

__all__ = ["ABOUT", "BASE", "CHIPS", "OUT", "REACH", "SOURCE", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "Core ML, Neural Engine, float16"
ABOUT = """Published latencies of image networks, an encoder of text and a depth network: iPhone 12, 12 Pro and 12 Pro
Max (RepViT, RepNeXt, MobileOne, FastViT, EfficientFormer V1 and V2, MobileCLIP, Depth Anything), iPhone 13 and 14
(RecNeXt, SwiftFormer, and single figures of three more papers), iPhone 14 Pro and 15 Pro (the coremltools guide). A
network counts with the others of its architecture, whoever measured it. Left out is what could not be built as it was
measured (EdgeViT, the segmenting DETR, CenterNet). Two labs differ by up to 1.4 times on one network and one phone
(MobileNetV2 on the iPhone 13: 0.70, 0.73 and 1.0 ms)."""
REACH = {"error": 0.10, "rank": 0.96, "covered": (0.75, 0.90), "ordered": 0.95}
OUT = "coreml/ane"
BASE = "a14"

SOURCE = {
    "repvit": "RepViT, iPhone 12, iOS 16: 0.6 to 2.3 ms at 224, 4.4 to 12.3 ms at 512 pixels; tables 1, 5 of the paper",
    "repnext": "iPhone 12, iOS 16: 0.59 to 2.20 ms at 224, 5.1 to 10.4 ms at 512 pixels",
    "ml-mobileone": "iPhone 12 Pro: 0.79 to 1.86 ms",
    "ml-fastvit": "iPhone 12 Pro: 0.8 to 4.6 ms",
    "efficientformer": "iPhone 12: V1 1.6 to 7.0 ms, V2 0.9 to 2.7 ms",
    "ml-mobileclip": "iPhone 12 Pro Max: images 1.5 to 57.9 ms, text 3.3 ms",
    "ane-roofline": "M1: working set on the chip 2 MB; activations stream at 24 GB/s, weights at 51 GB/s",
}
CHIPS = {
    "a15": Measured(
        Factors(1.4, 1.25, 0.75),
        "fitted on runs on iPhone 13 and 14",
        {
            "recnext": "iPhone 13, iOS 18: 1.0 to 5.6 ms at 224, 5.2 to 25.3 ms at 512 pixels",
            "swiftformer": "iPhone 14, iOS 16: 0.7, 0.8, 1.1, 1.9 ms",
            "mobilenetv4-paper": "iPhone 13: six networks",
            "iformer-paper": "iPhone 13: five of the same networks",
        },
        (0.12, 0.12, 0.12),
    ),
    "a16": Measured(
        Factors(1.5, 1.4, 0.5),
        "fitted on four networks on the iPhone 14 Pro, iOS 17",
        {"opt-quantization-perf": "iPhone 14 Pro, Float16: MobileNetV2 0.48, ResNet50 1.52, MobileViTv2 1.38 ms"},
    ),
    "a17pro": Measured(
        Factors(1.6, 1.5, 0.5),
        "fitted on four networks on the iPhone 15 Pro, iOS 17 and 18",
        {"opt-quantization-perf": "iPhone 15 Pro, Float16: MobileNetV2 0.49, ResNet50 1.38, MobileViTv2 1.36 ms"},
    ),
}

_PENALTIES = (
    Penalty(
        "transpose",
        ("transpose", "Transpose"),
        "A transpose copies in memory.",
        {"neural-engine-rules": "'Avoid unnecessary memory copies': transposes that touch the innermost axis"},
        us=5,
        ns_per_kb=15,
    ),
    Penalty(
        "swish",
        ("silu", "sigmoid_hard"),
        "SiLU and hard-swish multiply their input by a function of it: a pass of its own, at the speed of memory.",
        {
            "repvit": "EfficientNet-B3 takes 1.6 times what its convolutions do",
            "opt-quantization-perf": "MobileViTv2 takes 1.3 times",
        },
        when={"x.shape[-1]": {"min": 2}},
        ns_per_kb=16,
    ),
    Penalty(
        "short-last-axis",
        (
            "add",
            "concat",
            "matmul",
            "mul",
            "pad",
            "real_div",
            "reduce_l2_norm",
            "reduce_mean",
            "reduce_sum",
            "slice_by_index",
            "split",
            "transpose",
        ),
        "The last axis is padded to 64 bytes: rows of up to 16 numbers take twice their size and more.",
        {
            "neural-engine-rules": "'A singleton last axis (dimension = 1) gets padded to 64 bytes'",
            "recnext": "linear attention (A0 to A5) takes 1.4 to 1.9 times what its convolutions do",
            "mobilenetv4-paper": "iPhone 13, EfficientViT-B1: 2.4 ms",
        },
        when={"out.shape[-1]": {"max": 16}, "out.shape[-2]": {"min": 33}, "out.rank": 4},
        us=8,
    ),
)


def runs() -> list[Run]:
    """Float networks, and those whose weights alone are quantised: they are expanded to float16."""
    return rows("coreml_ane", assume=("", "w8"))


def speeds() -> tuple[Speed, ...]:
    """Where the fit starts: what was measured of the M1, which has the same Neural Engine; and the CPU beside it."""
    ane = Speed(
        unit=("ane",),
        precision=("float16",),
        chips=(BASE,),
        launch={"*": 0.1, "matmul": 13, "resize": 13},
        gmacs={"*": 5000, "conv": 3000, "depthwise": 2000, "linear": 1800},
        gbytes={"*": 55, "softmax": 55, "weights": 51, "near": 500},
        spread=(0.8, 1.25),
        fit=UNFITTED,
        source={},
        floor=400,
        overlap=4,
        near_bytes=1 << 18,
        fuses=("activation", "arithmetic", "move"),
        penalty=_PENALTIES,
    )
    return ane, CPU


_FREE = (
    Free("0.floor", 0.3),
    Free("0.launch.*", 1),
    Free("0.launch.matmul", 0.8),
    Free("0.launch.resize", 0.8),
    Free("0.gmacs.*", 0.2),
    Free("0.gmacs.conv", 0.4),
    Free("0.gmacs.depthwise", 0.7),
    Free("0.gmacs.linear", 0.15),
    Free("0.gbytes.*", 0.4),
    Free("0.gbytes.softmax", 0.7),
    Free("0.gbytes.weights", 0.3),
    Free("0.gbytes.near", 0.5),
    Free("0.penalty.transpose", 1),
    Free("0.penalty.swish", 0.2),
    Free("0.penalty.short-last-axis", 1),
)


_LABORATORIES = 1.2
"""The power by which the iPhone 12's range is wider than its held-out networks ask for: those of a laboratory that no
fit saw (SHViT's) lie a fifth above what is said."""


def train(loaded: Sequence[Loaded]) -> Fitted:
    """The figures of the iPhone 12's chip and three factors for each later one."""
    return trained(loaded, speeds(), _FREE, CHIPS, noise=0.1)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """The base and the chips."""
    speed, chips = dressed(fitted, held, "iPhone 12 to 15 Pro", __name__, SOURCE, BASE, "ane", ("float16",), CHIPS)
    low, high = (end**_LABORATORIES for end in speed.spread)
    wider = msgspec.structs.replace(with_attention(speed), spread=(low, high))
    return [wider], [msgspec.structs.replace(c, widen=max(1.0, c.widen / _LABORATORIES)) for c in chips]
