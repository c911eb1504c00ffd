"""Builds, with random weights, models that Qualcomm AI Hub measured and that the shared models do not have.

    python build_aihub.py FOLDER [NAME ...]

Run it in an environment of its own with `torch`, `torchvision`, `timm` and `onnx`; it downloads nothing. Each is built
at the resolution of AI Hub's table; random weights change no size.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TORCHVISION: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "efficientnet_b4": ("efficientnet_b4", (1, 3, 380, 380)),
    "efficientnet_v2_s": ("efficientnet_v2_s", (1, 3, 384, 384)),
    "inception_v3": ("inception_v3", (1, 3, 224, 224)),
    "regnet": ("regnet_x_3_2gf", (1, 3, 224, 224)),
    "resnet_2plus1d": ("r2plus1d_18", (1, 3, 16, 112, 112)),
    "resnet_3d": ("r3d_18", (1, 3, 16, 112, 112)),
    "resnet_mixed": ("mc3_18", (1, 3, 16, 112, 112)),
    "swin_base": ("swin_b", (1, 3, 224, 224)),
    "swin_small": ("swin_s", (1, 3, 224, 224)),
    "swinv2_base": ("swin_v2_b", (1, 3, 256, 256)),
    "vit": ("vit_b_16", (1, 3, 224, 224)),
}
TIMM: Mapping[str, tuple[str, int]] = {
    "beit": ("beit_base_patch16_224", 224),
    "convnext_v2_base": ("convnextv2_base", 224),
    "dla102x": ("dla102x", 224),
    "efficientvit_l2_cls": ("efficientvit_l2", 224),
    "inception_v4": ("inception_v4", 299),
    "mobilenet_v4": ("mobilenetv4_conv_medium", 224),
    "nasnet": ("nasnetalarge", 224),
    "repvit": ("repvit_m2_3", 224),
    "sequencer2d": ("sequencer2d_s", 224),
}


def build(name: str) -> tuple[Any, tuple[int, ...]]:
    """A model, ready to run, and the shape of its input."""
    if name in TORCHVISION:
        from torchvision.models import get_model

        made, shape = TORCHVISION[name]
        return get_model(made, weights=None).eval(), shape
    import timm

    made, side = TIMM[name]
    return timm.create_model(made, pretrained=False, exportable=True).eval(), (1, 3, side, side)


def main() -> int:
    """Build and export the models asked for, or all."""
    import torch

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or [*TORCHVISION, *TIMM]:
        torch.manual_seed(0)
        model, shape = build(name)
        torch.onnx.export(
            model, (torch.randn(shape),), str(folder / f"aihub_{name}.onnx"), opset_version=17, dynamo=False
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
