"""Makes the networks of MobileNetV4's table (arXiv 2404.10518) that no package has as they stand.

    python -m benchmarks.latency.networks.mobilenetv4 FOLDER [FILE ...]

Needs torch and timm.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torch import nn

from benchmarks.latency.networks.catalog import Made, Wanted, image, run

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MultiHardware", "wanted"]

Plan = tuple[tuple[int, int, int, int], ...]

# Kernel, stride, depth, expansion; of tensorflow/models official/vision/modeling/backbones/mobilenet.py.
MAX = (
    *[(3, 2, 32, 3), (5, 2, 64, 6), (3, 1, 64, 2), (3, 1, 64, 2), (5, 2, 128, 6), (3, 1, 128, 4), (3, 1, 128, 3)],
    *[(3, 1, 128, 3), (3, 1, 128, 6), (3, 1, 128, 3), (3, 2, 160, 6), (5, 1, 160, 4), (3, 1, 160, 5), (5, 1, 160, 4)],
)
AVG = (
    *[(3, 2, 32, 3), (3, 1, 32, 2), (5, 2, 64, 5), (3, 1, 64, 3), (3, 1, 64, 2), (3, 1, 64, 3), (5, 2, 128, 6)],
    *[(3, 1, 128, 3), (3, 1, 128, 3), (3, 1, 128, 3), (3, 1, 160, 6), (3, 1, 160, 4), (3, 2, 192, 6), (5, 1, 192, 4)],
    *[(5, 1, 192, 4), (5, 1, 192, 4)],
)


def rounded(depth: float) -> int:
    """The next multiple of 8, never more than a tenth below `depth`."""
    whole = max(8, int(depth + 4) // 8 * 8)
    return whole + 8 if whole < 0.9 * depth else whole


def conv(before: int, after: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(after)]


class Inverted(nn.Sequential):
    """Expansion, depthwise, projection, and the input again where the shape is kept."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int) -> None:
        wide = before * expansion
        layers = [
            *conv(before, wide),
            nn.ReLU(),
            *conv(wide, wide, kernel, stride, wide),
            nn.ReLU(),
            *conv(wide, after),
        ]
        super().__init__(*layers)
        self.residual = stride == 1 and before == after

    def forward(self, x):  # type: ignore[no-untyped-def]
        made = super().forward(x)
        return x + made if self.residual else made


class MultiHardware(nn.Sequential):
    """A multi-hardware MobileNet (arXiv 2008.08178) of `scale` times the width."""

    def __init__(self, plan: Plan, scale: float) -> None:
        depth = rounded(32 * scale)
        layers = [*conv(3, depth, 3, 2), nn.ReLU()]
        for kernel, stride, after, expansion in plan:
            layers.append(Inverted(depth, rounded(after * scale), kernel, stride, expansion))
            depth = rounded(after * scale)
        middle, last = rounded(960 * scale), rounded(1280 * scale)
        layers += [*conv(depth, middle), nn.ReLU(), nn.AdaptiveAvgPool2d(1), *conv(middle, last), nn.ReLU()]
        super().__init__(*layers, nn.Flatten(), nn.Linear(last, 1000))


def v2(width: float) -> Made:
    from timm.models.efficientnet import _gen_mobilenet_v2

    return _gen_mobilenet_v2("mobilenetv2_100", width, pretrained=False), [image(224)]


def v3_large(width: float) -> Made:
    from timm.models.mobilenetv3 import _gen_mobilenet_v3

    return _gen_mobilenet_v3("mobilenetv3_large_100", width, pretrained=False), [image(224)]


def multi_hardware(plan: Plan, scale: float) -> Made:
    return MultiHardware(plan, scale), [image(224)]


def wanted() -> Iterator[Wanted]:
    """The wider and the narrower variants, and the multi-hardware ones."""
    yield Wanted("mobilenetv3_large_050_224", partial(v3_large, 0.5))
    for width in (1.5, 2.0):
        yield Wanted(f"mobilenetv2_{int(width * 100)}_224", partial(v2, width))
    for name, plan in (("max", MAX), ("avg", AVG)):
        yield Wanted(f"multihardware_{name}_150_224", partial(multi_hardware, plan, 1.5))


if __name__ == "__main__":
    run(str(__doc__), wanted)
