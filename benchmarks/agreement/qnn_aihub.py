"""AI Hub's placements of float models by ONNX Runtime: those that stay on the NPU, and those that fall back."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import onnx

from benchmarks.agreement.aihub_models import MODELS
from benchmarks.agreement.case import Case
from benchmarks.agreement.judge import ask
from edgeplan.frontends.onnx import load_onnx
from edgeplan.target import resolve

__all__ = ["aihub"]

DEVICES: Mapping[str, str] = {
    "36": "snapdragon-8-gen-1",
    "43": "snapdragon-8-gen-2",
    "57": "snapdragon-8-gen-3",
    "60": "snapdragon-x-elite",
    "69": "snapdragon-8-elite",
    "77": "dragonwing-iq-9075",
    "82": "dragonwing-iq-8275",
    "87": "snapdragon-8-elite-gen-5",
    "88": "snapdragon-x2-elite",
}
"""AI Hub's soc_model to a device that has it."""

FILES: Mapping[str, str] = {
    "convnext_base": "benchmark/torchvision_convnext_base_224",
    "convnext_tiny": "benchmark/torchvision_convnext_tiny_224",
    "efficientformer": "benchmark/timm_efficientformer_l1_224",
    "efficientnet_b4": "benchmark/torchvision_efficientnet_b4_224",
    "efficientnet_v2_s": "benchmark/torchvision_efficientnet_v2_s_224",
    "googlenet": "benchmark/torchvision_googlenet_224",
    "inception_v3": "benchmark/torchvision_inception_v3_299",
    "mnasnet05": "benchmark/torchvision_mnasnet0_5_224",
    "mobilenet_v2": "benchmark/torchvision_mobilenet_v2_224",
    "mobilenet_v3_large": "benchmark/torchvision_mobilenet_v3_large_224",
    "mobilenet_v4": "benchmark/timm_mobilenetv4_conv_medium_256",
    "regnet": "architectures/regnet_y_400mf.ts",
    "repvit": "benchmark/timm_repvit_m1_0_224",
    "resnet101": "benchmark/torchvision_resnet101_224",
    "resnet50": "benchmark/torchvision_resnet50_224",
    "resnext101": "benchmark/torchvision_resnext101_32x8d_224",
    "resnext50": "benchmark/torchvision_resnext50_32x4d_224",
    "squeezenet1_1": "benchmark/torchvision_squeezenet1_1_224",
    "swin_tiny": "architectures/swin_tiny_patch4_window7_224.ts",
    "vit": "architectures/vit_tiny_patch16_224.ts",
    "wideresnet50": "benchmark/torchvision_wide_resnet50_2_224",
}
"""AI Hub's name to the model in the folder of models; a sibling of the same architecture where that is all there is."""

RELEASE = "2.50"
"""The QAIRT of AI Hub's measurements."""


def aihub(data: Path) -> Iterator[Case]:
    """One case for each float model and chipset that AI Hub ran with ONNX Runtime and whose model is at hand: in the
    folder of models, or in the folder `aihub`, where `aihub_models` has built it.
    """
    rows: dict[tuple[str, str], set[bool]] = defaultdict(set)
    with (data / "qualcomm" / "data" / "aihub_perf_0.65.0.csv").open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            if row["runtime"] == "onnx" and row["precision"] == "float" and row["soc_model"] in DEVICES:
                left = int(row["layers_cpu"] or 0) + int(row["layers_gpu"] or 0)
                rows[row["model"], row["soc_model"]].add(left > 0)
                rows[f"{row['model']}.{row['component']}", row["soc_model"]].add(left > 0)
    files = {name: data / "models" / f"{file}.onnx.gz" for name, file in FILES.items()}
    files |= {name: data / "aihub" / f"{name}.onnx" for name in MODELS}
    for name, path in files.items():
        found = {soc: falls for (model, soc), falls in rows.items() if model == name}
        if not found or not path.is_file():
            continue
        content = path.read_bytes()
        model = onnx.load_from_string(gzip.decompress(content) if path.suffix == ".gz" else content)
        graph = load_onnx(model).graph
        for soc, falls in sorted(found.items()):
            said, why = ask(graph, resolve(DEVICES[soc], backend="qnn", release=RELEASE))
            yield Case(f"{name} soc{soc}", "refuses" if True in falls else "runs", said, why)
