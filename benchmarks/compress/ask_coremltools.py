"""Asks coremltools how large a model's package is under each scheme: converts it, compresses it, and weighs the files.

Runs in an environment with coremltools 9.0, onnxslim and a converter: `onnx2coreml` (which builds MIL from ONNX) or
`onnx2torch` (through PyTorch's frontend, whose names and forms are those of a model that never was ONNX). Weights that
hold one number are filled with noise first, for coremltools stores equal constants once. Palettes are made in mode
`uniform`: what they take is what those of k-means take, which need minutes.

    python ask_coremltools.py MODEL.onnx onnx2coreml|onnx2torch ANSWERS.csv [SCHEME...]
    python ask_coremltools.py NAME pytorch ANSWERS.csv [SCHEME...]

A network of torchvision (or `lstm`, `encoder`, made here) is traced by PyTorch, as most packages are, and exported
beside the answers as NAME.onnx.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

FIELDS = ("model", "route", "deployment", "scheme", "weights", "program", "package", "seconds")

OLD = ("fp16", "w8", "palette2", "palette4", "palette8", "sparse50")
"""What is asked of iOS 16, which has ops of its own for compressed weights."""
NEW = (
    *("fp32", "fp16", "w8", "w8-tensor", "w4", "w4-block32"),
    *("palette1", "palette2", "palette3", "palette4", "palette6", "palette8", "palette4-group16", "palette2-group16"),
    *("sparse50", "sparse75", "sparse50-w8", "sparse50-palette4"),
)  # fmt: skip

SMALL = ("encoder", "lstm")

NOISY = 16
"""Elements from which on a constant of one number stands for weights that nobody has."""

_seeds = itertools.count()


def measured(path: Path, route: str, answers: Path, schemes: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """One row for each deployment target and scheme."""
    import coremltools as ct

    for deployment, asked in (("iOS16", OLD), ("iOS18", NEW)):
        made: dict[str, Any] = {}
        for scheme in (s for s in asked if not schemes or s in schemes):
            began = time.monotonic()
            precision = "float32" if scheme == "fp32" else "float16"
            if precision not in made:
                made[precision] = converted(path, route, ct.target[deployment], precision, answers)
            sizes = weigh(compressed(made[precision], scheme))
            seconds = round(time.monotonic() - began, 1)
            yield {
                "model": path.name.removesuffix(".onnx"), "route": route, "deployment": deployment, "scheme": scheme,
                **sizes, "seconds": seconds,
            }  # fmt: skip


def converted(path: Path, route: str, target: Any, precision: str, answers: Path) -> Any:
    """The model as an ML program."""
    if route == "pytorch":
        return traced(path.name, target, precision, answers / f"{path.name}.onnx")
    import coremltools_convert
    import onnx_clean

    ways = {"onnx2coreml": coremltools_convert.by_onnx2coreml, "onnx2torch": coremltools_convert.by_onnx2torch}
    onnx_clean.noise = drawn
    with tempfile.TemporaryDirectory() as folder:
        return ways[route](onnx_clean.cleaned(varied(path, folder)), target, {"precision": precision})


def varied(path: Path, folder: str) -> str:
    """A copy of a model with noise for the weights that hold one number: a cleaner would drop an addition of zeros."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(path)
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype.kind == "f" and value.size >= NOISY and (value == value.flat[0]).all():
            tensor.CopyFrom(numpy_helper.from_array(drawn(value.shape, value.dtype), tensor.name))
    onnx.save(model, f"{folder}/varied.onnx")
    return f"{folder}/varied.onnx"


def drawn(shape: Sequence[int], dtype: Any) -> Any:
    """Weights that nobody has: positive, and of a range of their own, or equal palettes would be stored once."""
    import numpy as np

    rng = np.random.default_rng(next(_seeds))
    return (0.01 * rng.lognormal(0, 0.25, tuple(shape))).astype(dtype)


def traced(name: str, target: Any, precision: str, onnx: Path) -> Any:
    """A network of torchvision, or one of two small ones, as most packages are made: traced by PyTorch."""
    import coremltools as ct
    import torch

    torch.manual_seed(0)
    module, x = small_networks(torch)[name]() if name in SMALL else network(name, torch)
    for parameter in module.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, 0.5, 0.1)
    with torch.no_grad():
        if not onnx.exists():
            torch.onnx.export(module, (x,), str(onnx), dynamo=False, opset_version=17)
        trace = torch.jit.trace(module, x, check_trace=False)
    wanted = ct.precision.FLOAT16 if precision == "float16" else ct.precision.FLOAT32
    takes = ct.TensorType("x", x.shape) if x.is_floating_point() else ct.TensorType("x", x.shape, dtype=int)
    return ct.convert(
        trace, inputs=[takes], minimum_deployment_target=target, convert_to="mlprogram", compute_precision=wanted,
        compute_units=ct.ComputeUnit.CPU_ONLY, skip_model_load=True,
    )  # fmt: skip


def network(name: str, torch: Any) -> tuple[Any, Any]:
    """A network with statistics as after training, and an input of it."""
    import torchvision

    module = getattr(torchvision.models, name)().eval()
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    return module, torch.rand(1, 3, 224, 224)


def small_networks(torch: Any) -> dict[str, Callable[[], tuple[Any, Any]]]:
    """An LSTM over features, and an encoder of tokens, which is tables and attention."""
    nn = torch.nn

    class Lstm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.out = nn.LSTM(64, 192, batch_first=True), nn.Linear(192, 40)

        def forward(self, x: Any) -> Any:
            return self.out(self.lstm(x)[0])

    class Layer(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
            self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)

        def forward(self, x: Any) -> Any:
            heads = [f(x).reshape(1, 64, 4, -1).transpose(1, 2) for f in (self.q, self.k, self.v)]
            mixed = nn.functional.scaled_dot_product_attention(*heads).transpose(1, 2).reshape(1, 64, -1)
            x = self.first(x + self.o(mixed))
            return self.second(x + self.down(nn.functional.gelu(self.up(x))))

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.places = nn.Embedding(8000, 128), nn.Parameter(torch.randn(1, 64, 128))
            self.layers = nn.Sequential(*(Layer(128) for _ in range(4)))

        def forward(self, tokens: Any) -> Any:
            return self.layers(self.words(tokens) + self.places).mean(1)

    return {
        "lstm": lambda: (Lstm().eval(), torch.rand(1, 50, 64)),
        "encoder": lambda: (Encoder().eval(), torch.randint(0, 8000, (1, 64), dtype=torch.int32)),
    }


def compressed(model: Any, scheme: str) -> Any:
    """The package under a scheme, by coremltools.optimize with its defaults."""
    import coremltools.optimize.coreml as cto

    done = model
    first, _, rest = scheme.partition("-") if scheme.startswith("sparse") else ("", "", scheme)
    if first:
        pruner = cto.OpMagnitudePrunerConfig(target_sparsity=int(first.removeprefix("sparse")) / 100)
        with whole_percentiles():
            done = cto.prune_weights(done, cto.OptimizationConfig(global_config=pruner))
    form, _, part = rest.partition("-")
    joint = {"joint_compression": True} if first else {}
    if form.startswith("palette"):
        group = {"granularity": "per_grouped_channel", "group_size": int(part.removeprefix("group"))} if part else {}
        palette = cto.OpPalettizerConfig(mode="uniform", nbits=int(form.removeprefix("palette")), **group)
        return cto.palettize_weights(done, cto.OptimizationConfig(global_config=palette), **joint)
    if form.startswith("w"):
        grain: dict[str, Any] = {"granularity": "per_channel"}
        if part == "tensor":
            grain = {"granularity": "per_tensor"}
        elif part:
            grain = {"granularity": "per_block", "block_size": int(part.removeprefix("block"))}
        linear = cto.OpLinearQuantizerConfig(mode="linear_symmetric", dtype=f"int{form[1:]}", **grain)
        return cto.linear_quantize_weights(done, cto.OptimizationConfig(global_config=linear), **joint)
    return done


@contextlib.contextmanager
def whole_percentiles() -> Iterator[None]:
    """Percentiles of float16 computed in float32: numpy 2.0 to 2.3 computes the index in float16, which is infinite.

    The threshold is no number then, and coremltools prunes nothing of a weight of more than 65,504 elements.
    """
    import numpy as np

    theirs = np.percentile
    np.percentile = lambda a, q: theirs(a.astype(np.float32), q)
    try:
        yield
    finally:
        np.percentile = theirs


def weigh(model: Any) -> dict[str, int]:
    """Bytes of a package and of its two parts."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "m.mlpackage"
        model.save(str(package))
        sizes = {f.name: f.stat().st_size for f in package.rglob("*") if f.is_file()}
    return {
        "weights": sizes.get("weight.bin", 0), "program": sizes["model.mlmodel"], "package": sum(sizes.values()),
    }  # fmt: skip


def main(path: str, route: str, answers: str, *schemes: str) -> None:
    """Append one line for each answer as it comes."""
    sys.path.append(str(Path(__file__).parents[2] / "edgeplan" / "verify" / "ask"))
    new = not Path(answers).exists()
    with Path(answers).open("a", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, FIELDS, lineterminator="\n")
        if new:
            writer.writeheader()
        for row in measured(Path(path), route, Path(answers).parent, schemes):
            writer.writerow(row)
            f.flush()


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
