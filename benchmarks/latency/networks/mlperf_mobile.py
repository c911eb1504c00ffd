"""Makes the networks of MLPerf Mobile whose definitions are public, with random weights.

    python -m benchmarks.latency.networks.mlperf_mobile FOLDER [FILE ...]

Needs torch, timm and transformers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import timm
import torch
from torch import nn

from benchmarks.latency.networks.catalog import Made, Wanted, image, run

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Edsr", "wanted"]

TABLE = "mlperf_mobile.csv"


def classifier(name: str, side: int) -> Made:
    return timm.create_model(name, pretrained=False), [image(side)]


def mobilebert(tokens: int) -> Made:
    """MobileBERT with the question answering head."""
    from transformers import MobileBertConfig, MobileBertForQuestionAnswering

    config = MobileBertConfig(attn_implementation="eager", return_dict=False)
    ids = torch.randint(0, 30522, (1, tokens))
    return MobileBertForQuestionAnswering(config), [ids, torch.ones_like(ids), torch.zeros_like(ids)]


class Edsr(nn.Module):
    """EDSR of 32 channels and 5 blocks, twice the size."""

    def __init__(self, width: int = 32, blocks: int = 5) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, 1, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, 1, 1), nn.ReLU(), nn.Conv2d(width, width, 3, 1, 1))
            for _ in range(blocks)
        )
        self.after = nn.Conv2d(width, width, 3, 1, 1)
        wide = nn.Conv2d(width, 4 * width, 3, 1, 1)
        self.last = nn.Sequential(wide, nn.PixelShuffle(2), nn.Conv2d(width, 3, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """An image of twice the sides."""
        x = kept = self.first(x)
        for block in self.blocks:
            x = x + block(x)
        return self.last(kept + self.after(x))


def wanted() -> Iterator[Wanted]:
    """Named as the table names its model files, without their endings."""
    rows = ((TABLE, "mobilenet_edgetpu_224_1.0"),)
    yield Wanted("mobilenet_edgetpu_224", rows, "mobilenet_edgetpu", partial(classifier, "mobilenet_edgetpu_100", 224))
    rows = ((TABLE, "mobilenet_v4"),)
    yield Wanted("mobilenetv4_conv_large_384", rows, "mobilenet_v4", partial(classifier, "mobilenetv4_conv_large", 384))
    rows = ((TABLE, "mobilebert_quantized"),)
    yield Wanted("mobilebert_384", rows, "mobilebert", partial(mobilebert, 384))
    yield Wanted("edsr_f32b5_540x960", ((TABLE, "snusr"),), "edsr", lambda: (Edsr(), [image(540, 960)]), "likely")


if __name__ == "__main__":
    run(str(__doc__), wanted)
