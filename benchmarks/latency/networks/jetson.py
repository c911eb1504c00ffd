"""Makes the networks of the Jetson tables with random weights.

    python -m benchmarks.latency.networks.jetson FOLDER [FILE ...]

Needs torch, torchvision, timm, transformers and ultralytics; RF-DETR also rfdetr.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
import torchvision
from torch import nn

from benchmarks.latency.networks.catalog import Made, Wanted, image, run

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["wanted"]

TABLE = "jetson_measured.csv"
OPEN_IMAGES, COCO, COCO_SSD = 264, 80, 81


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


def superresolution(height: int, width: int, factor: int = 3) -> Made:
    """The sub-pixel network of the ONNX zoo: four convolutions on one channel."""
    layers = [nn.Conv2d(1, 64, 5, 1, 2), nn.ReLU(), nn.Conv2d(64, 64, 3, 1, 1), nn.ReLU()]
    layers += [nn.Conv2d(64, 32, 3, 1, 1), nn.ReLU(), nn.Conv2d(32, factor**2, 3, 1, 1), nn.PixelShuffle(factor)]
    return nn.Sequential(*layers), [image(height, width, 1)]


class Unet(nn.Module):
    """Keras' usual U-Net for one channel: 19 convolutions, 4 transposed ones.

    Its width is not published; 16 is the widest whose speed in the table is below the chip's peak at usual yields.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        depths = [width * 2**i for i in range(5)]
        self.down = nn.ModuleList(self.pair(b, a) for b, a in zip([1, *depths], depths, strict=False))
        self.up = nn.ModuleList(nn.ConvTranspose2d(a * 2, a, 2, 2) for a in depths[-2::-1])
        self.join = nn.ModuleList(self.pair(a * 2, a) for a in depths[-2::-1])
        self.last = nn.Conv2d(width, 1, 1)

    @staticmethod
    def pair(before: int, after: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(before, after, 3, 1, 1), nn.ReLU(), nn.Conv2d(after, after, 3, 1, 1), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = []
        for i, down in enumerate(self.down):
            x = down(nn.functional.max_pool2d(x, 2) if i else x)
            kept.append(x)
        for up, join, beside in zip(self.up, self.join, kept[-2::-1], strict=True):
            x = join(torch.cat([up(x), beside], 1))
        return self.last(x).sigmoid()


class YoloTiny(nn.Module):
    """YOLOv3-tiny of darknet, up to its two raw outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.low = nn.ModuleList(self.step(a, b, 3) for a, b in [(3, 16), (16, 32), (32, 64), (64, 128), (128, 256)])
        self.high = nn.Sequential(self.step(256, 512, 3), nn.ZeroPad2d((0, 1, 0, 1)), nn.MaxPool2d(2, 1))
        self.neck = nn.Sequential(self.step(512, 1024, 3), self.step(1024, 256, 1))
        self.coarse = nn.Sequential(self.step(256, 512, 3), nn.Conv2d(512, 255, 1))
        self.side = nn.Sequential(self.step(256, 128, 1), nn.Upsample(scale_factor=2))
        self.fine = nn.Sequential(self.step(384, 256, 3), nn.Conv2d(256, 255, 1))

    @staticmethod
    def step(before: int, after: int, kernel: int) -> nn.Sequential:
        return conv(before, after, kernel, act=nn.LeakyReLU(0.1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        for low in self.low:
            kept = low(x)
            x = nn.functional.max_pool2d(kept, 2)
        x = self.neck(self.high(x))
        return self.coarse(x), self.fine(torch.cat([self.side(x), kept], 1))


def bert(tokens: int) -> Made:
    """BERT-large with the question answering head of MLPerf."""
    from transformers import BertConfig, BertForQuestionAnswering

    size = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
    config = BertConfig(**size, vocab_size=30522, attn_implementation="eager", return_dict=False)
    ids = torch.randint(0, 30522, (1, tokens))
    return BertForQuestionAnswering(config), [ids, torch.ones_like(ids), torch.zeros_like(ids)]


def rf_detr(size: str) -> Made:
    """Roboflow's detector in the form it exports."""
    from rfdetr import config as configs
    from rfdetr.main import populate_args
    from rfdetr.models import build_model

    config = getattr(configs, f"RFDETR{size}Config")(pretrain_weights=None, device="cpu")
    model = build_model(populate_args(**config.model_dump()))
    model.eval().export()
    return model, [image(config.resolution)]


def timm_net(name: str, side: int) -> Made:
    import timm

    return timm.create_model(name, pretrained=False), [image(side)]


def vision(name: str, side: int, batch: int = 1) -> Made:
    return getattr(torchvision.models, name)(weights=None), [image(side, batch=batch)]


def _rows(*models: str) -> tuple[tuple[str, str], ...]:
    return tuple((TABLE, model) for model in models)


def wanted() -> Iterator[Wanted]:
    """What the table measures, smallest detectors first."""
    for size in "nsmlx":
        rows = _rows(f"YOLO11{size} 640 b1")
        yield Wanted(f"yolo11{size}_640", rows, "yolo11", partial(yolo, f"yolo11{size}", 640))
    for size in "nsml":
        rows = _rows(f"yolov8{size}-640", *(["yolov8n 640 b1"] * (size == "n")))
        yield Wanted(f"yolov8{size}_640", rows, "yolov8", partial(yolo, f"yolov8{size}", 640))
    rows = _rows("ResNet50_224x224", "MLPerf v3.1 resnet50")
    yield Wanted("resnet50_224", rows, "resnet", partial(vision, "resnet50", 224))
    rows = _rows("ResNet-50 (224x224, bs=2)")
    yield Wanted("resnet50_224_b2", rows, "resnet", partial(vision, "resnet50", 224, 2))
    rows = _rows("RetinaNet ResNeXt-50 (800x800, bs=1)", "MLPerf v3.1 retinanet")
    yield Wanted(
        "retinanet_resnext50_800", rows, "retinanet", partial(retinanet, "resnext50_32x4d", 800, 800, OPEN_IMAGES)
    )
    rows = _rows("RetinaNet ResNet-34 (1280x768, bs=1)")
    made = partial(retinanet, "resnet34", 768, 1280, COCO)
    yield Wanted("retinanet_resnet34_1280x768", rows, "retinanet", made, "likely")
    rows = _rows("ResNet-34 backbone (1280x768, bs=1)")
    yield Wanted("resnet34_backbone_1280x768", rows, "resnet", partial(backbone, 768, 1280))
    rows = _rows("SSD-ResNet-34 (1200x1200, bs=1)")
    yield Wanted("ssd_resnet34_1200", rows, "ssd_resnet34", lambda: (SsdResnet34(), [image(1200)]))
    rows = _rows("ssd-mobilenet-v1")
    yield Wanted("ssd_mobilenet_v1_300", rows, "ssd_mobilenet_v1", lambda: (SsdMobilenet(), [image(300)]))
    rows = _rows("inception_v4 299")
    yield Wanted("inception_v4_299", rows, "inception_v4", partial(timm_net, "inception_v4", 299))
    yield Wanted("vgg19_224", _rows("vgg19_N2 224"), "vgg", partial(vision, "vgg19", 224))
    rows = _rows("super_resolution_bsd500 481x321")
    yield Wanted("super_resolution_481x321", rows, "subpixel", partial(superresolution, 321, 481), "likely")
    yield Wanted(
        "unet_512", _rows("unet-segmentation 512"), "unet", lambda: (Unet(), [image(512, channels=1)]), "likely"
    )
    yield Wanted("yolov3_tiny_416", _rows("yolov3-tiny-416"), "yolov3", lambda: (YoloTiny(), [image(416)]))
    yield Wanted("bert_large_384", _rows("MLPerf v3.1 bert-99"), "bert", partial(bert, 384))
    for size, side in (("Nano", 384), ("Small", 512), ("Medium", 576)):
        rows = _rows(f"rfdetr-{size.lower()} {side}")
        yield Wanted(f"rfdetr_{size.lower()}_{side}", rows, "rfdetr", partial(rf_detr, size))


if __name__ == "__main__":
    run(str(__doc__), wanted)
