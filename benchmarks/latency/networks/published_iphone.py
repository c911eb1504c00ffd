"""Makes the networks of the papers' iPhone tables that no fit has seen, with random weights, branches merged.

    python -m benchmarks.latency.networks.published_iphone FOLDER [FILE ...]

Needs torch and timm of at least 1.0.21. The tables: StarNet (arXiv:2403.19967, iPhone 13), iFormer (arXiv:2501.15369,
iPhone 13, at 224 to 288 and its backbones at 512), SwiftFormer (arXiv:2303.15446, iPhone 14), SHViT (arXiv:2401.16456)
and RepViT (arXiv:2307.09283), both iPhone 12.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import timm
from timm.utils.model import reparameterize_model

from benchmarks.latency.networks.catalog import Made, Wanted, distinct, image, run

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["backbone", "classifier", "wanted"]

CLASSIFIERS = {
    "convnext_tiny": 224,
    "deit_small_patch16_224": 224,
    "deit_tiny_patch16_224": 224,
    "efficientnet_b0": 224,
    "efficientnet_b1": 240,
    "efficientvit_b1": 288,
    "fasternet_t0": 224,
    "fasternet_t1": 224,
    "ghostnetv3_100": 224,
    "ghostnetv3_130": 224,
    "ghostnetv3_160": 224,
    "mobilenetv2_140": 224,
    "mobilenetv3_large_075": 224,
    "mobilenetv3_large_100": 224,
    "mobilevit_s": 256,
    "mobilevit_xs": 256,
    "mobilevitv2_150": 256,
    "mobilevitv2_200": 256,
    "poolformer_s12": 224,
    "resnet50": 224,
    "shvit_s4": 256,
    **{f"starnet_s{n}": 224 for n in (1, 2, 3, 4)},
}
"""Names of timm and the sides of the images."""

BACKBONES = (
    "convnext_tiny",
    "efficientnet_b0",
    "efficientvit_m4",
    "fastvit_sa12",
    "fastvit_sa24",
    "mobilenetv3_large_100",
    "poolformer_s12",
    "poolformer_s24",
    "pvt_v2_b0",
    "pvt_v2_b1",
    "resnet18",
    "resnet50",
    "shvit_s4",
)
"""Of images of 512 by 512, without what stands on top of the features."""


def classifier(name: str, side: int) -> Made:
    """A network of timm, its attention as plain products, its parallel branches merged."""
    timm.layers.set_fused_attn(False)
    network = distinct(timm.create_model(name, pretrained=False).eval())
    return reparameterize_model(network), [image(side)]


def backbone(name: str) -> Made:
    """The features of a 512 by 512 image."""
    timm.layers.set_fused_attn(False)
    sized = {"img_size": 512} if name.startswith("efficientvit_m") else {}
    network = distinct(timm.create_model(name, pretrained=False, num_classes=0, global_pool="", **sized).eval())
    return reparameterize_model(network), [image(512)]


def wanted() -> Iterator[Wanted]:
    """Classifiers, then backbones."""
    for name, side in CLASSIFIERS.items():
        file = f"timm_{name}" if name.endswith(f"_{side}") else f"timm_{name}_{side}"
        yield Wanted(file, partial(classifier, name, side))
    for name in BACKBONES:
        yield Wanted(f"timm_{name}_backbone_512", partial(backbone, name))


if __name__ == "__main__":
    run(__doc__, wanted)
