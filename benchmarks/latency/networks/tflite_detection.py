"""Builds the EfficientNet-Lite and EfficientDet-Lite networks of the Raspberry Pi tables, with random weights.

    python -m benchmarks.latency.networks.tflite_detection FOLDER

Needs `torch`, `timm`, `effdet` 0.4, `onnx` and `onnxruntime`, which folds the paddings that these networks work out as
they run; it downloads nothing. EfficientDet stands without its suppression, whose boxes and scores it returns raw.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_LITE = {"lite0": 224, "lite1": 240, "lite2": 260, "lite3": 280, "lite4": 300}
_DETECTION = {"lite0": 320, "lite1": 384, "lite2": 448, "lite3": 512, "lite3x": 640, "lite4": 640}


def networks() -> Iterator[tuple[str, Any, int]]:
    """Name, module and side of the image of each network."""
    import timm
    from effdet.config import get_efficientdet_config
    from effdet.efficientdet import EfficientDet

    for name, side in _LITE.items():
        yield f"timm_efficientnet_{name}_{side}", timm.create_model(f"efficientnet_{name}", pretrained=False), side
    yield "timm_efficientvit_b2_256", timm.create_model("efficientvit_b2", pretrained=False), 256
    for name, side in _DETECTION.items():
        config = get_efficientdet_config(f"tf_efficientdet_{name}")
        config.image_size = (side, side)
        yield f"efficientdet_{name}_{side}", EfficientDet(config, pretrained_backbone=False), side


def build(folder: Path) -> None:
    """Export every network that is not there yet."""
    import onnxruntime
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    for name, module, side in networks():
        path, raw = folder / f"{name}.onnx", folder / f"{name}.raw.onnx"
        if path.exists():
            continue
        torch.onnx.export(module.eval(), (torch.zeros(1, 3, side, side),), str(raw), opset_version=17, dynamo=False)
        folded = onnxruntime.SessionOptions()
        folded.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        folded.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(str(raw), folded, providers=["CPUExecutionProvider"])
        raw.unlink()


if __name__ == "__main__":
    build(Path(sys.argv[1]))
