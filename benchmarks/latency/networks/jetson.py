"""Makes the networks of the Jetson tables with random weights.

    python -m benchmarks.latency.networks.jetson FOLDER [FILE ...]

Needs torch, torchvision, timm, transformers, ultralytics and onnx. Engines of YOLOv8 and v9 that end in EfficientNMS
have `_nms` in their names; what Jetson Nano runs, whose TensorRT stops at opset 13, has `_op13`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import onnx
import torch
import torchvision
from onnx import TensorProto, helper
from torch import nn

from benchmarks.latency.networks.catalog import Made, Wanted, image, run
from benchmarks.latency.networks.export import OPSET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["wanted"]

OPEN_IMAGES, COCO, COCO_SSD = 264, 80, 81
CLASSIFIERS = (
    "alexnet squeezenet1_0 squeezenet1_1 resnet18 resnet34 resnet50 resnet101 resnet152 densenet121 densenet161 "
    "densenet169 densenet201 vgg11 vgg13 vgg16 vgg19 mobilenet_v2 shufflenet_v2_x0_5 shufflenet_v2_x1_0 "
    "shufflenet_v2_x1_5 shufflenet_v2_x2_0 mnasnet0_5 mnasnet0_75 mnasnet1_0 mnasnet1_3"
)


def yolo(name: str, side: int) -> Made:
    """Ultralytics' detector as its ONNX export has it: batch normalization folded, boxes decoded, no suppression."""
    from ultralytics.nn.tasks import DetectionModel

    model = DetectionModel(f"{name}.yaml", verbose=False).eval().fuse(verbose=False)
    for head in model.modules():
        if hasattr(head, "export"):
            head.export, head.format, head.dynamic = True, "onnx", False
    with torch.inference_mode():
        model(image(side))
    return model, [image(side)]


class Heads(nn.Module):
    """A torchvision RetinaNet up to the raw outputs of its heads, which is what the engines run."""

    def __init__(self, backbone: nn.Module, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = torchvision.models.detection.retinanet.RetinaNetHead(256, 9, classes)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self.head(list(self.backbone(x).values()))
        return found["cls_logits"].sigmoid(), found["bbox_regression"]


def retinanet(trunk: str, height: int, width: int, classes: int) -> Made:
    """P3 to P7 of 256 channels, nine anchors."""
    extra = torchvision.ops.feature_pyramid_network.LastLevelP6P7(256, 256)
    bare = getattr(torchvision.models, trunk)(weights=None)
    pyramid = torchvision.models.detection.backbone_utils._resnet_fpn_extractor(bare, 5, [2, 3, 4], extra)
    return Heads(pyramid, classes), [image(height, width)]


def backbone(height: int, width: int) -> Made:
    """ResNet-34 without pooling and classes."""
    return nn.Sequential(*list(torchvision.models.resnet34(weights=None).children())[:-2]), [image(height, width)]


class SsdResnet34(nn.Module):
    """MLPerf's SSD for 1200x1200: the trunk stops after the third stage, at stride 8, and heads step by 3."""

    def __init__(self) -> None:
        super().__init__()
        trunk = torchvision.models.resnet34(weights=None)
        trunk.layer3[0].conv1.stride = trunk.layer3[0].downsample[0].stride = (1, 1)
        self.trunk = nn.Sequential(*list(trunk.children())[:-3])
        plan = [
            (256, 256, 512, 2, 1),
            (512, 256, 512, 2, 1),
            (512, 128, 256, 2, 1),
            (256, 128, 256, 2, 0),
            (256, 128, 256, 1, 0),
        ]
        self.more = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 1), nn.ReLU(), nn.Conv2d(b, c, 3, step, pad), nn.ReLU())
            for a, b, c, step, pad in plan
        )
        sizes = [(256, 4), (512, 6), (512, 6), (256, 6), (256, 4), (256, 4)]
        self.boxes = nn.ModuleList(nn.Conv2d(c, n * 4, 3, 3, 1) for c, n in sizes)
        self.classes = nn.ModuleList(nn.Conv2d(c, n * COCO_SSD, 3, 3, 1) for c, n in sizes)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        levels = [self.trunk(x)]
        for more in self.more:
            levels.append(more(levels[-1]))
        boxes = [head(level).reshape(1, 4, -1) for head, level in zip(self.boxes, levels, strict=True)]
        classes = [head(level).reshape(1, COCO_SSD, -1) for head, level in zip(self.classes, levels, strict=True)]
        return torch.cat(boxes, 2), torch.cat(classes, 2)


def conv(
    before: int, after: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: nn.Module | None = None
) -> nn.Sequential:
    plain = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(plain, nn.BatchNorm2d(after), act or nn.ReLU6())


class SsdMobilenet(nn.Module):
    """SSD-MobileNetV1 of the TensorFlow detection API for 300x300 and 91 classes, without the suppression."""

    def __init__(self) -> None:
        super().__init__()
        plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
        blocks, depth = [conv(3, 32, 3, 2)], 32
        for after, stride in plan:
            blocks.append(nn.Sequential(conv(depth, depth, 3, stride, depth), conv(depth, after)))
            depth = after
        self.low, self.high = nn.Sequential(*blocks[:12]), nn.Sequential(*blocks[12:])
        extra = [(1024, 256, 512), (512, 128, 256), (256, 128, 256), (256, 64, 128)]
        self.extra = nn.ModuleList(nn.Sequential(conv(a, b), conv(b, c, 3, 2)) for a, b, c in extra)
        sizes = [(512, 3), (1024, 6), (512, 6), (256, 6), (256, 6), (128, 6)]
        self.boxes = nn.ModuleList(nn.Conv2d(c, n * 4, 1) for c, n in sizes)
        self.classes = nn.ModuleList(nn.Conv2d(c, n * 91, 1) for c, n in sizes)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        low = self.low(x)
        levels = [low, self.high(low)]
        for extra in self.extra:
            levels.append(extra(levels[-1]))
        boxes = [h(v).permute(0, 2, 3, 1).reshape(1, -1, 4) for h, v in zip(self.boxes, levels, strict=True)]
        classes = [h(v).permute(0, 2, 3, 1).reshape(1, -1, 91) for h, v in zip(self.classes, levels, strict=True)]
        return torch.cat(boxes, 1), torch.cat(classes, 1).sigmoid()


def bert(tokens: int) -> Made:
    """BERT-large with the question answering head of MLPerf."""
    from transformers import BertConfig, BertForQuestionAnswering

    size = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
    config = BertConfig(**size, vocab_size=30522, attn_implementation="eager", return_dict=False)
    ids = torch.randint(0, 30522, (1, tokens))
    return BertForQuestionAnswering(config), [ids, torch.ones_like(ids), torch.zeros_like(ids)]


def vision(name: str, side: int, batch: int = 1) -> Made:
    return getattr(torchvision.models, name)(weights=None), [image(side, batch=batch)]


def transformer(name: str, side: int, **sizes: int) -> Made:
    """A network of timm."""
    import timm

    return timm.create_model(name, pretrained=False, **sizes), [image(side)]


def suppressed(path: Path) -> None:
    """Put EfficientNMS behind a detector whose one output is [1, 4 + classes, boxes]."""
    model = onnx.load(str(path), load_external_data=False)
    graph = model.graph
    out = graph.output[0]
    rows = out.type.tensor_type.shape.dim[1].dim_value
    ends = {"nms_0": 0, "nms_4": 4, "nms_end": rows, "nms_axis": 2}
    graph.initializer.extend(helper.make_tensor(k, TensorProto.INT64, [1], [v]) for k, v in ends.items())
    found = {"num_dets": [1, 1], "det_boxes": [1, 100, 4], "det_scores": [1, 100], "det_classes": [1, 100]}
    graph.node.extend(
        [
            helper.make_node("Transpose", [out.name], ["nms_rows"], perm=[0, 2, 1]),
            helper.make_node("Slice", ["nms_rows", "nms_0", "nms_4", "nms_axis"], ["nms_boxes"]),
            helper.make_node("Slice", ["nms_rows", "nms_4", "nms_end", "nms_axis"], ["nms_scores"]),
            helper.make_node(
                "EfficientNMS_TRT",
                ["nms_boxes", "nms_scores"],
                list(found),
                background_class=-1,
                box_coding=1,
                iou_threshold=0.65,
                max_output_boxes=100,
                plugin_version="1",
                score_activation=0,
                score_threshold=0.25,
            ),
        ]
    )
    del graph.output[:]
    for name, shape in found.items():
        dtype = TensorProto.INT32 if name in ("num_dets", "det_classes") else TensorProto.FLOAT
        graph.output.append(helper.make_tensor_value_info(name, dtype, shape))
    path.write_bytes(model.SerializeToString())


def wanted() -> Iterator[Wanted]:
    """Detectors, classifiers, transformers."""
    for name in (*(f"yolo11{s}" for s in "nsmlx"), *(f"yolo26{s}" for s in "nsmlx"), "yolov8n"):
        yield Wanted(f"{name}_640", partial(yolo, name, 640))
    for side in (160, 320, 640, 960, 1280):
        for size in "nsm":
            yield Wanted(f"yolov10{size}_{side}", partial(yolo, f"yolov10{size}", side))
            yield Wanted(f"yolov8{size}_{side}_nms", partial(yolo, f"yolov8{size}", side), finish=suppressed)
        for size in "tsm":
            yield Wanted(f"yolov9{size}_{side}_nms", partial(yolo, f"yolov9{size}", side), finish=suppressed)
    yield Wanted("retinanet_resnext50_800", partial(retinanet, "resnext50_32x4d", 800, 800, OPEN_IMAGES))
    yield Wanted("retinanet_resnet34_1280x768", partial(retinanet, "resnet34", 768, 1280, COCO))
    yield Wanted("ssd_resnet34_1200", lambda: (SsdResnet34(), [image(1200)]))
    yield Wanted("ssd_mobilenet_v1_300", lambda: (SsdMobilenet(), [image(300)]))
    yield Wanted("resnet34_backbone_1280x768", partial(backbone, 768, 1280))
    yield Wanted("resnet50_224", partial(vision, "resnet50", 224))
    yield Wanted("resnet50_224_b2", partial(vision, "resnet50", 224, 2))
    yield Wanted("vgg19_224", partial(vision, "vgg19", 224))
    for name in CLASSIFIERS.split():
        yield Wanted(f"torchvision_{name}_224", partial(vision, name, 224))
    for name in ("resnet18", "resnet34", "resnet50"):
        yield Wanted(f"torchvision_{name}_256", partial(vision, name, 256))
    for side in (224, 256, 288):
        for name in ("efficientvit_b1", "efficientvit_b2", "efficientvit_b3"):
            for opset, end in ((OPSET, ""), (13, "_op13")):
                yield Wanted(f"timm_{name}_{side}{end}", partial(transformer, name, side), opset)
    for name in ("vit_base_patch16_224", "vit_base_patch32_224"):
        yield Wanted(f"timm_{name}_224", partial(transformer, name, 224))
        yield Wanted(f"timm_{name}_768", partial(transformer, name, 768, img_size=768))
    yield Wanted("bert_large_384", partial(bert, 384))


if __name__ == "__main__":
    run(str(__doc__), wanted)
