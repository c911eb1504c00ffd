"""What torch-pruning makes of networks of torchvision: `python benchmarks/prune/reference.py > .../reference.csv`.

A program by itself, for an environment with torch, torchvision and torch-pruning. MACs are counted where convolutions
and linear layers run.
"""

from __future__ import annotations

import sys

import torch
import torch_pruning
import torchvision

NETWORKS = ("mobilenet_v2", "resnet50", "resnet18", "googlenet")


def main() -> int:
    """One line of CSV for each network with half of its channels."""
    print("network,macs,parameters")
    for name in NETWORKS:
        more = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
        network = getattr(torchvision.models, name)(weights=None, **more).eval()
        image = torch.randn(1, 3, 224, 224)
        heads = [m for m in network.modules() if isinstance(m, torch.nn.Linear)]
        score = torch_pruning.importance.MagnitudeImportance(p=2)
        torch_pruning.pruner.MagnitudePruner(
            network, image, importance=score, pruning_ratio=0.5, ignored_layers=heads
        ).step()
        counted: list[int] = []

        def count(module: torch.nn.Module, _: object, out: torch.Tensor, counted: list[int] = counted) -> None:
            counted.append(out.numel() * module.weight[0].numel())

        for module in network.modules():
            if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
                module.register_forward_hook(count)
        network(image)
        print(f"{name},{sum(counted)},{sum(p.numel() for p in network.parameters())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
