"""Quantises float .tflite files with Google's ai-edge-quantizer, in a process of its own, and runs what it made."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from math import prod
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile
from zlib import error

import msgspec
import numpy as np

from edgeplan.frontends import dialect_of, load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.loaded import Loaded
from edgeplan.lower.scheme import Scheme
from edgeplan.surgery.compressing.calibration import Samples, inputs_of, read_samples
from edgeplan.surgery.compressing.fidelity import output_snr
from edgeplan.surgery.compressing.outcome import Compressed, CompressError
from edgeplan.surgery.compressing.tool import Tool, Weight, layers
from edgeplan.surgery.runs import random_inputs
from edgeplan.surgery.writing import WriteError, refuse_place
from edgeplan.verify.process import Limits

__all__ = ["compress_tflite"]

_RANDOM = 4
"""Inputs that are made up where there are no samples."""
_ELEMENTS = 1 << 26
"""Elements of inputs beyond which none are made up."""
_BLOCKS = (32, 64, 128, 256)
"""Elements that can share a scale (ai-edge-quantizer 0.10, qtyping.QuantGranularity)."""
_ATTACHED = 64 << 20
"""Bytes of files packed behind a model, as labels are, that are carried over."""


class _Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    weights: tuple[Weight, ...]
    outputs: tuple[str, ...]
    runs: int
    why: str
    notes: tuple[str, ...]


def compress_tflite(
    source: Path,
    scheme: Scheme,
    output: Path,
    *,
    keep: Collection[str] = (),
    exceptions: Mapping[str, Scheme] | None = None,
    samples: Path | None = None,
    dynamic: bool = True,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    python: Path | None = None,
    limits: Limits | None = None,
    tell: Callable[[float], None] | None = None,
) -> Compressed:
    """Write the file `output`: the float model `source`, quantised. Its inputs and outputs stay as they are.

    `keep` names ops, or weights or values of theirs, that stay as they are, `exceptions` those stored another way. What
    activations range over is learnt on `samples` (an .npz, .npy or a folder of them), or on random inputs, and said.
    Where a scheme leaves activations alone, kernels quantise them themselves while they run (`dynamic`), or the weights
    are expanded before. `dims` and `inputs` bind free sizes for the runs. `python` is the interpreter that has
    ai-edge-quantizer, this one by default; `tell` hears the seconds. Raises `CompressError` where nothing is written,
    `ModelError` and `BindingError` for models that cannot be read.
    """
    try:
        refuse_place(output, source)
    except WriteError as e:
        raise CompressError(str(e)) from None
    if dialect_of(source) != "tflite":
        raise ModelError("is no .tflite model")
    for one in (scheme, *(exceptions or {}).values()):
        _refuse_scheme(one)
    read = load_model(source, dims, inputs)
    named = _named(read, {**(exceptions or {}), **dict.fromkeys(keep)})
    fed = read_samples(samples, inputs_of(read)) if samples is not None else _made_up(read)
    with tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=output.absolute().parent) as name:
        folder = Path(name).resolve()
        arrays: dict[str, Any] = {f"{i}/{k}": a for i, feed in enumerate(fed.feeds) for k, a in feed.items()}
        np.savez(folder / "samples.npz", **arrays)
        options = {
            "output": str(folder / "made.tflite"), "report": str(folder / "report.json"), "scheme": asdict(scheme),
            "exceptions": [[op, None if s is None else asdict(s)] for op, s in named.items()], "dynamic": dynamic,
            "samples": str(folder / "samples.npz"), "results": str(folder / "results.npz"),
        }  # fmt: skip
        tool = Tool("ai-edge-quantizer", "tflite_quantize", "compress-tflite", python, limits, tell)
        versions = tool.run(source, options, folder)
        report = msgspec.json.decode((folder / "report.json").read_bytes(), type=_Report)
        if not report.weights:
            raise CompressError(f"no weight can be stored as {scheme.name}: none is in float32")
        made = folder / "made.tflite"
        notes = [*report.notes, *_attach(source, made)]
        load_model(made)  # what was written is a file that can be read
        outputs = _outputs(report, folder / "results.npz")
        found = _outcome(source, output, scheme, report, fed, outputs, made, notes, versions)
        if not found.applied:
            raise CompressError(f"no weight can be stored as {scheme.name}: {found.left[0].reason}")
        try:
            os.replace(made, output)
        except OSError as e:
            raise CompressError(f"cannot write {output}: {e.strerror}") from None
    return found


def _refuse_scheme(scheme: Scheme) -> None:
    """Raise `CompressError` for what a .tflite file, or ai-edge-quantizer, has no form for."""
    if scheme.form == "palette" or scheme.sparsity:
        raise CompressError(f"{scheme.name}: ai-edge-quantizer writes neither palettes nor sparse weights")
    if scheme.form == "float" and scheme.name != "fp16":
        raise CompressError(f"{scheme.name}: of floats, ai-edge-quantizer writes float16 alone")
    if scheme.per == "block" and scheme.size not in _BLOCKS:
        raise CompressError(f"{scheme.name}: LiteRT's blocks have {', '.join(map(str, _BLOCKS))} elements")


def _named(read: Loaded, wanted: Mapping[str, Scheme | None]) -> dict[str, Scheme | None]:
    """What is wanted of ops, by the first output of each: the tools call an op by that."""
    found: dict[str, Scheme | None] = {}
    ops = [op for _, op in read.graph.walk()]
    for name, scheme in wanted.items():
        mine = [op for op in ops if name in (op.name, *op.outputs) and op.type != "DEQUANTIZE"]
        mine = mine or [op for op in ops if name in op.inputs]  # a weight, which a DEQUANTIZE may have expanded
        if not mine:
            raise CompressError(f"no op or weight of the model is called {name}")
        found |= {op.outputs[0]: scheme for op in mine if op.outputs}
    return found


def _made_up(read: Loaded) -> Samples:
    """Random inputs: floats around 0 with a spread of 1, whole numbers of 0 and 1, which index anything."""
    kinds = {
        name: (dtype, [d if isinstance(d, int) else read.stored.get(str(d), 1) for d in shape or ()])
        for name, (dtype, shape) in inputs_of(read).items()
    }
    if sum(prod(shape) for _, shape in kinds.values()) > _ELEMENTS:
        raise CompressError("its inputs are too large to be made up: give samples")
    feeds = tuple(random_inputs(kinds, 2 * seed, 2) for seed in range(_RANDOM))
    return Samples(feeds, f"{_RANDOM} random inputs", random=True)


def _attach(source: Path, made: Path) -> list[str]:
    """Carry over the files that are packed behind a model's buffers, as labels are; what was not, in words."""
    if not is_zipfile(source):
        return []
    try:
        with ZipFile(source) as old:
            if sum(h.file_size for h in old.infolist()) > _ATTACHED:
                return ["the files packed behind the model are too large to be carried over"]
            held = [(h, old.read(h)) for h in old.infolist()]
    except (BadZipFile, OSError, RuntimeError, error):  # encrypted ones are a RuntimeError
        return ["the files packed behind the model cannot be read, and are not carried over"]
    with ZipFile(made, "a") as new:
        for one, content in held:
            new.writestr(one, content)
    return []


def _outputs(report: _Report, results: Path) -> dict[str, float]:
    """The SNR in dB of each output, over all runs."""
    if not report.runs:
        return {}
    with np.load(results, allow_pickle=False) as arrays:
        return {
            name: output_snr(*([arrays[f"{n}/{side}/{i}"] for n in range(report.runs)] for side in ("was", "now")))
            for i, name in enumerate(report.outputs)
        }


def _outcome(
    source: Path,
    output: Path,
    scheme: Scheme,
    report: _Report,
    fed: Samples,
    outputs: Mapping[str, float],
    made: Path,
    notes: Sequence[str],
    versions: Mapping[str, str],
) -> Compressed:
    """What is said of a result."""
    done, left = layers(report.weights)
    said = [*notes]
    if scheme.activations and fed.random:
        said.append(f"activations range over what {fed.said} gave: with inputs of your own the error will be another")
    tools = ", ".join(
        f"{name} {versions[name]}" for name in ("ai-edge-quantizer", "ai-edge-litert") if name in versions
    )
    return Compressed(
        source.name, scheme.name, tools, (str(output),), source.stat().st_size, made.stat().st_size, done, left,
        outputs, fed.said, report.runs, report.why, notes=tuple(said),
    )  # fmt: skip
