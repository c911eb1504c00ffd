"""Rebuilds, with random weights, models that Qualcomm AI Hub measured with layers left to the CPU.

    python -m benchmarks.agreement.aihub_models FOLDER [NAME ...]

Run it in an environment of its own with `torch`, `transformers`, `timm` and `onnx`; it downloads nothing. A model is
built as AI Hub's recipe says (github.com/qualcomm/ai-hub-models@b61a0090), at its input shape: whole, or the part with
the ops that are not plain convolutions. Random weights decide no placement.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["MODELS"]

OPSET = 17
Built = tuple[Any, tuple[Any, ...]]
"""A module and the inputs to export it with."""


def owl_vit() -> Built:
    """OWL-ViT, base, patches of 32, two queries."""
    import torch
    from transformers import OwlViTConfig, OwlViTForObjectDetection

    class Detector(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = OwlViTForObjectDetection(OwlViTConfig())

        def forward(self, words: Any, mask: Any, pixels: Any) -> Any:
            found = self.model(input_ids=words, attention_mask=mask, pixel_values=pixels)
            return found.logits, found.pred_boxes

    words = torch.randint(1, 1000, (2, 16), dtype=torch.int32)
    return Detector(), (words, torch.ones(2, 16, dtype=torch.int32), torch.rand(1, 3, 768, 768))


def mobilesam_encoder() -> Built:
    """MobileSAM's image encoder: TinyViT-5M at 1024 pixels and a neck."""
    import torch
    from timm.models.tiny_vit import TinyVit
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            sizes = {"embed_dims": (64, 128, 160, 320), "depths": (2, 2, 6, 2), "num_heads": (2, 4, 5, 10)}
            self.body = TinyVit(**sizes, window_sizes=(7, 7, 14, 7), num_classes=0)
            self.neck = nn.Sequential(
                nn.Conv2d(320, 256, 1, bias=False), nn.GroupNorm(1, 256), nn.Conv2d(256, 256, 3, padding=1, bias=False)
            )

        def forward(self, image: Any) -> Any:
            return self.neck(self.body.forward_features(image))

    return Encoder(), (torch.rand(1, 3, 1024, 1024),)


def rtmdet() -> Built:
    """RTMDet's decoding of boxes on three grids, after a few convolutions."""
    import torch
    from torch import nn

    sizes = (80, 40, 20)

    class Detector(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 96, 4, 4), nn.BatchNorm2d(96), nn.SiLU())
            self.down = nn.ModuleList([nn.Conv2d(96, 96, 3, 2, 1) for _ in sizes])
            self.classes = nn.ModuleList([nn.Conv2d(96, 80, 1) for _ in sizes])
            self.boxes = nn.ModuleList([nn.Conv2d(96, 4, 1) for _ in sizes])

        def forward(self, image: Any) -> Any:
            x, found = self.stem(image), []
            for i, size in enumerate(sizes):
                x = nn.functional.silu(self.down[i](x))
                step = 640 // size
                score = torch.sigmoid(self.classes[i](x).permute(0, 2, 3, 1))
                box = (torch.relu(self.boxes[i](x)) * step).permute(0, 2, 3, 1)
                best = torch.max(score, dim=3, keepdim=True)[0]
                label = torch.argmax(score, dim=3, keepdim=True).to(torch.float32)
                box = torch.cat([box, label, best], dim=-1)
                across = torch.broadcast_to(torch.linspace(0, size - 1, steps=size) * step, [size, size])
                block = torch.stack([across.unsqueeze(0), across.transpose(1, 0).unsqueeze(0)], -1)
                box[..., :2] = block - box[..., :2]
                box[..., 2:4] = block + box[..., 2:4]
                found.append(box.reshape(1, -1, 6))
            result = torch.cat(found, 1)
            return result[:, :, :4], result[:, :, 5], result[:, :, 4].to(torch.int8)

    return Detector(), (torch.rand(1, 3, 640, 640),)


def easyocr() -> Built:
    """EasyOCR's recogniser: a VGG, the mean over the height, two bidirectional LSTMs."""
    import torch
    from torch import nn

    def stage(i: int, o: int, *after: Any) -> list[Any]:
        return [nn.Conv2d(i, o, 3, 1, 1), nn.ReLU(), *after]

    class Recognizer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            half, low = nn.MaxPool2d(2, 2), nn.MaxPool2d((2, 1), (2, 1))
            first = [*stage(1, 32, half), *stage(32, 64, half), *stage(64, 128), *stage(128, 128, low)]
            self.cnn = nn.Sequential(*first, *stage(128, 256), *stage(256, 256, low), nn.Conv2d(256, 256, 2), nn.ReLU())
            self.mean = nn.AdaptiveAvgPool2d((None, 1))
            self.lstms = nn.ModuleList([nn.LSTM(256, 256, bidirectional=True, batch_first=True) for _ in range(2)])
            self.linears = nn.ModuleList([nn.Linear(512, 256) for _ in range(2)])
            self.head = nn.Linear(256, 97)

        def forward(self, image: Any) -> Any:
            x = self.cnn((image - 0.5) / 0.5)
            x = self.mean(x.permute(0, 3, 1, 2)).squeeze(3)
            for lstm, linear in zip(self.lstms, self.linears, strict=True):
                x = linear(lstm(x)[0])
            return self.head(x)

    return Recognizer(), (torch.rand(1, 1, 64, 800),)


def fomm() -> Built:
    """The First Order Motion Model's generator: ten keypoints' motion on a 64 by 64 grid, few convolutions."""
    import torch
    from torch import nn
    from torch.nn import functional

    def grid(h: int, w: int) -> Any:
        x, y = torch.linspace(-1, 1, w), torch.linspace(-1, 1, h)
        return torch.stack([x.view(1, -1).repeat(h, 1), y.view(-1, 1).repeat(1, w)], 2)

    def heat(points: Any, h: int, w: int) -> Any:
        away = grid(h, w).view(1, 1, h, w, 2).repeat(1, 10, 1, 1, 1) - points.view(1, 10, 1, 1, 2)
        return torch.exp(torch.clamp(-0.5 * (away**2).sum(-1) / 0.01, -10.0, 0.0))

    class Generator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Conv2d(3, 3, 13, groups=3, padding=6, bias=False)
            self.hourglass = nn.Sequential(nn.Conv2d(44, 64, 3, padding=1), nn.ReLU())
            self.mask = nn.Conv2d(64, 11, 7, padding=3)
            self.first, self.final = nn.Conv2d(3, 64, 7, padding=3), nn.Conv2d(64, 3, 7, padding=3)

        def forward(self, image: Any, source: Any, source_j: Any, driving: Any, driving_j: Any) -> Any:
            small = functional.interpolate(self.down(image), scale_factor=0.25)
            h, w = small.shape[2:]
            heatmap = torch.cat([torch.zeros(1, 1, h, w), heat(driving, h, w) - heat(source, h, w)], 1).unsqueeze(2)
            same = grid(h, w).view(1, 1, h, w, 2)
            jacobian = torch.matmul(source_j, torch.inverse(driving_j)).unsqueeze(-3).unsqueeze(-3)
            at = (same - driving.view(1, 10, 1, 1, 2)).unsqueeze(-1)
            at = torch.matmul(jacobian.repeat(1, 1, h, w, 1, 1), at).squeeze(-1)
            motion = torch.cat([same.repeat(1, 1, 1, 1, 1), at + source.view(1, 10, 1, 1, 2)], 1)
            images = small.unsqueeze(1).unsqueeze(1).repeat(1, 11, 1, 1, 1, 1).view(11, -1, h, w)
            moved = functional.grid_sample(images, motion.view(11, h, w, -1), align_corners=True)
            x = self.hourglass(torch.cat([heatmap, moved.view(1, 11, -1, h, w)], 2).view(1, -1, h, w))
            field = (motion.permute(0, 1, 4, 2, 3) * torch.softmax(self.mask(x), 1).unsqueeze(2)).sum(1)
            field = functional.interpolate(field, size=(256, 256), mode="bilinear").permute(0, 2, 3, 1)
            return torch.sigmoid(self.final(functional.grid_sample(self.first(image), field, align_corners=True)))

    turn = torch.eye(2).repeat(1, 10, 1, 1)
    return Generator(), (torch.rand(1, 3, 256, 256), torch.rand(1, 10, 2), turn, torch.rand(1, 10, 2), turn)


MODELS: Mapping[str, Callable[[], Built]] = {
    "easyocr.recognizer": easyocr,
    "fomm.generator": fomm,
    "mobilesam.encoder": mobilesam_encoder,
    "owl_vit.OWL-ViT": owl_vit,
    "rtmdet.RTMDet": rtmdet,
}
"""AI Hub's name of a model and its component to what builds it."""


def main() -> int:
    """Build and export the models asked for, or all."""
    import torch

    def inverse(graph: Any, matrix: Any) -> Any:
        return graph.op("com.microsoft::Inverse", matrix).setType(matrix.type())

    for name in ("aten::inverse", "aten::linalg_inv"):
        torch.onnx.register_custom_op_symbolic(name, inverse, OPSET)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or MODELS:
        torch.manual_seed(0)
        model, inputs = MODELS[name]()
        torch.onnx.export(model.eval(), inputs, str(folder / f"{name}.onnx"), opset_version=OPSET, dynamo=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
