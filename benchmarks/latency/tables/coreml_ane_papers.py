"""A check: iPhone 13 and 14 figures of papers that no figure was fitted on, against what is published here."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.dress import published
from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._coreml import CPU, rows
from edgeplan.cost.speeds import Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "runs", "speeds", "train"]

TITLE = "Core ML, Neural Engine, other papers, a check"
ABOUT = """Never fitted: what iFormer (iPhone 13, at 224 to 288 pixels, and backbones at 512), StarNet (iPhone 13),
SwiftFormer (iPhone 14, iOS 16) and SHViT (iPhone 12, at 224 to 256 and 512) give for networks that others made, among
them ten architectures that the fit does not know. The published figures stand as they are; that dense convolutions and
softmax have rates of their own was found here. Far off are plain transformers under iOS 16 (DeiT takes three times what
is said; ViTs under iOS 17 take what is said) and pyramid ones that attend from 16384 tokens (PVT v2). StarNet's
MobileNetV3, ShuffleNetV2 and GhostNet (4 to 20 ms) are left out: they are an older paper's, of converters that left
hard-swish and shuffles to the CPU; iFormer measures MobileNetV3 at 0.7 ms."""
REACH = {"rank": 0.90, "ordered": 0.90}
OUT = ""
PUBLISHED = True


def runs() -> list[Run]:
    """Float networks."""
    return rows("coreml_ane_papers")


def speeds() -> tuple[Speed, ...]:
    """The published ones; the CPU takes what the published fit took it to."""
    return (*published("coreml", "ane", "float16").speeds, CPU)


def train(loaded: Sequence[Loaded]) -> Fitted:
    """The published figures, whatever the runs."""
    return Fitted(speeds(), published("coreml", "ane", "float16").chips)
