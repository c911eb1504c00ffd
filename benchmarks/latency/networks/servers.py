"""Makes the networks of the servers' tables with random weights.

    python -m benchmarks.latency.networks.servers FOLDER [FILE ...]

Needs torch, timm, transformers, ultralytics and onnx. Networks of timm are as its benchmark runs them: branches that a
deployment would merge are not merged.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn

from benchmarks.latency.networks.catalog import Made, Wanted, image, run
from benchmarks.latency.networks.jetson import transformer

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["wanted"]

TIMM = (
    "resnet18:224 resnet26:224 resnet34:224 resnet50:224 resnet101:224 resnet152:224 resnet50d:224 "
    "wide_resnet50_2:224 resnext50_32x4d:224 resnext101_32x8d:224 seresnet50:224 seresnext26d_32x4d:224 "
    "res2net50_26w_4s:224 densenet121:224 densenet169:224 densenet201:224 inception_v3:299 inception_v4:299 "
    "xception41:299 regnetx_002:224 regnetx_004:224 regnetx_008:224 regnetx_016:224 regnetx_032:224 regnetx_064:224 "
    "regnety_004:224 regnety_008:224 regnety_016:224 regnety_032:224 mobilenetv1_100:224 mobilenetv2_050:224 "
    "mobilenetv2_100:224 mobilenetv2_140:224 mobilenetv3_small_050:224 mobilenetv3_small_100:224 "
    "mobilenetv3_large_100:224 mobilenetv4_conv_small:224 mobilenetv4_conv_medium:256 mobilenetv4_conv_large:384 "
    "mobilenetv4_hybrid_medium:256 mnasnet_050:224 mnasnet_100:224 efficientnet_b0:224 efficientnet_b1:256 "
    "efficientnet_b2:288 efficientnet_b3:320 efficientnet_lite0:224 efficientnet_lite1:240 efficientnet_lite2:260 "
    "efficientnet_lite3:300 efficientnet_es:224 efficientnet_em:240 lcnet_050:224 lcnet_100:224 ghostnet_100:224 "
    "fbnetc_100:224 rexnet_100:224 mobilevit_xs:256 mobilevit_s:256 mobilevitv2_100:256 cspdarknet53:256 "
    "cspresnet50:256 darknet53:256 cs3darknet_m:256 dla34:224 dla60:224 hrnet_w18_small:224 hrnet_w18:224 "
    "ese_vovnet19b_dw:224 ese_vovnet39b:224 vovnet39a:224 hgnetv2_b0:224 hgnetv2_b2:224 gernet_m:224 dpn68:224 "
    "selecsls60:224 convnext_atto:224 convnext_pico:224 convnext_tiny:224 convnext_small:224 convnext_base:224 "
    "poolformer_s12:224 poolformer_s36:224 vit_tiny_patch16_224:224 vit_small_patch16_224:224 "
    "vit_base_patch16_224:224 vit_base_patch32_224:224 swin_tiny_patch4_window7_224:224 levit_128s:224 levit_256:224 "
    "pit_s_224:224 xcit_tiny_12_p16_224:224 coat_lite_mini:224 mixer_s32_224:224 mixer_b16_224:224 resmlp_12_224:224 "
    "gmlp_s16_224:224 twins_pcpvt_small:224 pvt_v2_b0:224 pvt_v2_b1:224 efficientformer_l1:224 efficientformer_l3:224 "
    "efficientformer_l7:224 efficientvit_b1:224 efficientvit_b2:224 efficientvit_b3:224 visformer_small:224 "
    "nextvit_small:224 edgenext_small:256"
)
"""One of each size of many families, and the side of its images."""

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3), 100: (3, 13, 30, 3)}
"""Blocks a stage of the residual networks of ArcFace."""

TASKS = {"seg": ("SegmentationModel", 640), "pose": ("PoseModel", 640), "obb": ("OBBModel", 1024)}


def yolo(name: str, kind: str, side: int) -> Made:
    """Ultralytics' network of a task as its ONNX export has it: batch normalization folded, boxes decoded."""
    from ultralytics.nn import tasks

    model = getattr(tasks, kind)(f"{name}.yaml", verbose=False).eval().fuse(verbose=False)
    for head in model.modules():
        if hasattr(head, "export"):
            head.export, head.format, head.dynamic = True, "onnx", False
    with torch.inference_mode():
        model(image(side))
    return model, [image(side)]


class Residual(nn.Module):
    """A block of ArcFace's residual network: the stride is in the second convolution."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.BatchNorm2d(before),
            nn.Conv2d(before, after, 3, 1, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.PReLU(after),
            nn.Conv2d(after, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        short = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        self.short = short if stride > 1 else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.main(x) + self.short(x)


def arcface(layers: int) -> Made:
    """ArcFace's residual network for faces of 112 by 112: 512 numbers a face."""
    parts: list[nn.Module] = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)]
    depth = 64
    for stage, blocks in enumerate(BLOCKS[layers]):
        width = 64 << stage
        for block in range(blocks):
            parts.append(Residual(depth, width, 1 if block else 2))
            depth = width
    parts += [nn.BatchNorm2d(512), nn.Flatten(), nn.Linear(512 * 7 * 7, 512), nn.BatchNorm1d(512)]
    return nn.Sequential(*parts), [image(112)]


def bert(tokens: int, batch: int) -> Made:
    """BERT-base without a head, fed tokens alone."""
    from transformers import BertConfig, BertModel

    model = BertModel(BertConfig(attn_implementation="eager", return_dict=False))
    return model, [torch.randint(0, 30522, (batch, tokens))]


def wanted() -> Iterator[Wanted]:
    """Classifiers of timm, detectors, faces, BERT."""
    for one in TIMM.split():
        name, side = one.split(":")
        yield Wanted(f"timm_{name}_{side}", partial(transformer, name, int(side)))
    for family in ("yolo11", "yolo26"):
        for size in "nsmlx":
            yield Wanted(f"{family}{size}_640", partial(yolo, f"{family}{size}", "DetectionModel", 640))
            for task, (kind, side) in TASKS.items():
                yield Wanted(f"{family}{size}_{task}_{side}", partial(yolo, f"{family}{size}-{task}", kind, side))
    for size in "nsmlx":
        yield Wanted(f"yolo11{size}_cls_224", partial(yolo, f"yolo11{size}-cls", "ClassificationModel", 224))
        yield Wanted(f"yolov8{size}_640", partial(yolo, f"yolov8{size}", "DetectionModel", 640))
    for layers in BLOCKS:
        yield Wanted(f"arcface_r{layers}_112", partial(arcface, layers))
    for tokens in (8, 16, 32, 64, 128, 256, 512):
        for batch in (1, 4):
            yield Wanted(f"bert_base_{tokens}_b{batch}", partial(bert, tokens, batch))


if __name__ == "__main__":
    run(str(__doc__), wanted)
