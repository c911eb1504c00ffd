"""One wanted network: its file, and how torch makes it."""

from __future__ import annotations

import argparse
import gc
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

import edgeplan
from benchmarks.latency.networks.export import OPSET, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Made", "Wanted", "counted", "distinct", "image", "run"]

_TARGET = "pixel8"
"""Any would do: the counts are of the model alone."""

Made = tuple[torch.nn.Module, "Sequence[torch.Tensor]"]
"""A network and the inputs to trace it with."""


@dataclass(frozen=True)
class Wanted:
    """`file` is the name without its ending; `finish` changes the file once it is written."""

    file: str
    make: Callable[[], Made]
    opset: int = OPSET
    finish: Callable[[Path], None] | None = None


def distinct(network: torch.nn.Module) -> torch.nn.Module:
    """Shift every parameter at random: the exporter keeps weights that are equal, as zeroed branches are, only once."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.is_floating_point():
                parameter.add_(torch.randn_like(parameter), alpha=0.01)
    return network


def image(height: int, width: int = 0, channels: int = 3, batch: int = 1) -> torch.Tensor:
    """Random NCHW; square where no width is given."""
    return torch.randn(batch, channels, height, width or height)


def run(described: str, wanted: Callable[[], Iterable[Wanted]]) -> None:
    """Write what is not in the folder yet; exits 1 where a network could not be made."""
    parser = argparse.ArgumentParser(description=described, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="only these files")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    for one in wanted():
        path = given.folder / f"{one.file}.onnx"
        if path.exists() or (given.names and one.file not in given.names):
            continue
        try:
            network, inputs = one.make()
            write(distinct(network).requires_grad_(False), inputs, path, one.opset)
            if one.finish is not None:
                one.finish(path)
            print(counted(path), flush=True)
        except Exception:
            failed += 1
            path.unlink(missing_ok=True)
            traceback.print_exc(limit=-4)
            print(f"{one.file}: not made", flush=True)
        gc.collect()
    sys.exit(failed > 0)


def counted(path: Path) -> str:
    """How large edgeplan finds a network; raises ValueError where a dimension is free or work is unknown."""
    found = edgeplan.analyze(str(path), target=_TARGET).model
    if found.free_dimensions or found.macs is None:
        raise ValueError(f"{path.name}: free dimensions {found.free_dimensions}, MACs {found.macs}")
    return f"{path.name}: {found.macs / 1e9:.4g} GMACs, {(found.parameters or 0) / 1e6:.2f} M parameters"
