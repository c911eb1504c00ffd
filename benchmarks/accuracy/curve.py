"""Accuracy over pruning and bits: `python -m benchmarks.accuracy.curve FOLDER [--write]`, on what `train.py` has left.

The curves are what is left right after the cut; the pruned networks go to FOLDER/pruned, and when `finetune.py` has
trained them on, a second run adds what that gives back. Models are run in onnxruntime on the 1,000 test images. Pruning
and the schemes that have a form in ONNX are done by edgeplan; palettes and sparsity, which have none, by rounding the
weights in place as coremltools does (k-means per tensor by scikit-learn, the smallest magnitudes per tensor). With
`--write` the tables go to docs/accuracy.md.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper

from edgeplan.lower.scheme import parse_scheme
from edgeplan.pruning.goal import Goal
from edgeplan.surgery.compressing.onnx import compress_onnx
from edgeplan.surgery.pruning.pruning import prune_model

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
SCORES = ("l2", "l1", "fpgm", "activation")
"""Of the exported network's BatchNorms nothing is left to score by: the exporter has folded them."""

RATIOS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75)
ONNX_SCHEMES = ("fp16", "w8", "w8-tensor", "w4", "w4-block32", "w8a8", "w8a16", "w4a16")
BITS = (8, 6, 4, 3, 2, 1)
SPARSITY = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
THRESHOLD = 2048
"""Elements above which coremltools compresses a weight."""

Array = NDArray[Any]


def accuracy(path: Path, folder: Path) -> float:
    """The part of the test images that a model gets right."""
    test = np.load(folder / "test.npz")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    right = 0
    for start in range(0, len(test["x"]), 250):
        (scores,) = session.run(None, {session.get_inputs()[0].name: test["x"][start : start + 250]})
        right += int((scores.argmax(1) == test["y"][start : start + 250]).sum())
    return right / len(test["x"])


def pruned(model: Path, folder: Path) -> Iterator[tuple[float, int, list[float]]]:
    """For every ratio what is left of the parameters, and the accuracy by each score."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "pruned.onnx"
        for ratio in RATIOS:
            found = []
            for score in SCORES:
                samples = folder / "calibration.npz" if score == "activation" else None
                goal = Goal("ratio", ratio)
                made = prune_model(model, None, goal, output=out, score=score, samples=samples, verify=False)
                assert made.written, made.why
                found.append(accuracy(out, folder))
                if score == "l2":
                    (folder / "pruned").mkdir(exist_ok=True)
                    out.replace(folder / "pruned" / f"{ratio:.2f}.onnx")
                out.unlink(missing_ok=True)
            yield ratio, made.plan.after.parameters, found


def trained_on(folder: Path) -> dict[str, str]:
    """The accuracies after training on, by ratio, where `finetune.py` has been run."""
    place = folder / "finetuned.csv"
    if not place.exists():
        return {}
    with place.open(encoding="utf-8") as file:
        return {row["ratio"]: f"{float(row['after']):.1%}" for row in csv.DictReader(file)}


def in_onnx(model: Path, folder: Path) -> Iterator[tuple[str, int, float]]:
    """The schemes that ONNX has a form for: the size of the file, and the accuracy."""
    with tempfile.TemporaryDirectory() as place:
        for name in ONNX_SCHEMES:
            out = Path(place) / f"{name}.onnx"
            compress_onnx(model, parse_scheme(name), out, calibration=folder / "calibration.npz")
            yield name, out.stat().st_size, accuracy(out, folder)


def rounded(model: Path, folder: Path, change: Callable[[Array], Array]) -> float:
    """The accuracy with every large weight changed."""
    proto = onnx.load(model)
    for tensor in proto.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.size > THRESHOLD and array.dtype == np.float32:
            tensor.CopyFrom(numpy_helper.from_array(change(array).astype(np.float32), tensor.name))
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "rounded.onnx"
        onnx.save(proto, out)
        return accuracy(out, folder)


def palettised(bits: int) -> Callable[[Array], Array]:
    """Weights as the nearest of 2^bits numbers, found by k-means."""
    from sklearn.cluster import KMeans

    def change(array: Array) -> Array:
        found = KMeans(2**bits, n_init=1, random_state=0).fit(array.reshape(-1, 1))
        nearest: Array = found.cluster_centers_[found.labels_].reshape(array.shape)
        return nearest

    return change


def sparse(part: float) -> Callable[[Array], Array]:
    """Weights without the smallest ones."""

    def change(array: Array) -> Array:
        least = np.quantile(np.abs(array), part)
        return np.where(np.abs(array) <= least, 0, array)

    return change


def page(folder: Path) -> Iterator[str]:
    """The page, line by line, as it is measured."""
    model = folder / "digits.onnx"
    yield "# What pruning and compression cost a trained network"
    yield ""
    yield "Written by `python -m benchmarks.accuracy.curve FOLDER --write`, on a network that"
    yield "`benchmarks/accuracy/train.py` trains: three convolutions and two linear layers on 4,000 images of MNIST,"
    yield "tested on 1,000 others. One small network on an easy task: the order of the rows carries over to others"
    yield "better than the figures do."
    yield ""
    yield f"As trained: **{accuracy(model, folder):.1%}** ({model.stat().st_size:,} bytes). One image is 0.1 %."
    yield ""
    yield "## Channels"
    yield ""
    yield "`edgeplan prune digits.onnx --ratio R --score S`; the columns are the scores."
    yield ""
    yield f"| ratio | parameters | {' | '.join(SCORES)} | l2, trained on |"
    yield f"|---|---|{'---|' * len(SCORES)}---|"
    again = trained_on(folder)
    for ratio, parameters, found in pruned(model, folder):
        cells = [*(f"{a:.1%}" for a in found), again.get(f"{ratio:.2f}", "")]
        yield f"| {ratio:.0%} | {parameters:,} | {' | '.join(cells)} |"
    yield ""
    yield "The last column is the same network, pruned by `l2`, after three epochs more on the images it was trained on"
    yield "(`benchmarks/accuracy/finetune.py`). A network that is cut at once and not trained on loses what it knows"
    yield "with a fifth of its channels; trained on, most of it comes back."
    yield ""
    yield "## Bits"
    yield ""
    yield "`edgeplan compress digits.onnx --scheme S --calibration calibration.npz -o ...`, 256 of the training images."
    yield ""
    yield "| scheme | file | accuracy |"
    yield "|---|---|---|"
    for name, size, right in in_onnx(model, folder):
        yield f"| {name} | {size:,} bytes | {right:.1%} |"
    yield ""
    yield "Palettes (k-means per tensor) and sparsity (by magnitude, per tensor), which ONNX has no form for, with the"
    yield "weights rounded in place:"
    yield ""
    yield "| palette | accuracy |"
    yield "|---|---|"
    for bits in BITS:
        yield f"| {bits} bits | {rounded(model, folder, palettised(bits)):.1%} |"
    yield ""
    yield "| sparsity | accuracy |"
    yield "|---|---|"
    for part in SPARSITY:
        yield f"| {part:.0%} | {rounded(model, folder, sparse(part)):.1%} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    lines = []
    for line in page(given.folder):
        print(line, flush=True)
        lines.append(line)
    if given.write:
        PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
