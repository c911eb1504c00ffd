"""Compresses ONNX models: float16 and quantised activations by onnxruntime's tools, weights alone as plain ONNX."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from edgeplan.compression.layers import spared
from edgeplan.compression.onnx_left import COMPUTED, computed_weights
from edgeplan.lower.scheme import Scheme
from edgeplan.surgery.compressing.calibration import Samples, inputs_of, random_samples, read_samples
from edgeplan.surgery.compressing.errors import unmeasured, weight_errors
from edgeplan.surgery.compressing.fidelity import Array, Fidelity, fidelity
from edgeplan.surgery.compressing.onnx_float16 import in_float16
from edgeplan.surgery.compressing.onnx_result import forms_of, layers_found
from edgeplan.surgery.compressing.onnx_static import quantised_statically
from edgeplan.surgery.compressing.onnx_weights import dequantised, ir_version_of, opset_of, why_not
from edgeplan.surgery.compressing.outcome import Compressed, CompressError, Unapplied
from edgeplan.surgery.compressing.weights import Weight, as_run, weights_of
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.opset import OpsetError, raise_opset
from edgeplan.surgery.runs import RunError, run_each
from edgeplan.surgery.writing import WriteError, files_of, refuse_place, refuse_weights, weight_files, write_model

__all__ = ["OnnxCompression", "compress_onnx", "refusal"]

_QUANTISES = frozenset(
    ("ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "MatMulNBits", "QLinearConv")
    + ("QLinearMatMul", "QuantizeLinear")
)
"""Ops of models that are quantised already, at least in part."""


def refusal(scheme: Scheme) -> str:
    """Why an ONNX file cannot hold a scheme; empty where it can."""
    if scheme.sparsity:
        return "an ONNX file stores zeros like other weights, so it would be no smaller"
    if scheme.form == "palette":
        return "ONNX has no form for weights by palette: ops would look each one up at every run"
    if scheme.name == "fp32":
        return "it would make nothing smaller"
    if scheme.name == "bf16":
        return "onnxruntime's CPU has no convolution or Gemm in bfloat16: the result could not be run, nor checked"
    if scheme.per == "block" and scheme.activations:
        return "onnxruntime quantises activations for weights with a scale a channel or a tensor, not a block"
    return ""


class OnnxCompression:
    """An ONNX model and the scheme it is compressed by, with more or fewer of its `layers` kept wide.

    `samples` are what activations are calibrated on and results are measured on, with none where `unsampled` says why.
    """

    def __init__(
        self,
        source: Path,
        scheme: Scheme,
        calibration: Path | None = None,
        symmetric: bool = False,
        ops: Collection[str] = ("*",),
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Raises `CompressError`, and `edgeplan.ModelError` for what is no ONNX model that can be changed."""
        why = refusal(scheme)
        if why:
            raise CompressError(f"{scheme.name}: {why}")
        self.source, self.scheme, self.symmetric, self.ops, self.tell = source, scheme, symmetric, ops, tell
        self.draft = Draft.open(source)
        self.held, self.origins = as_run(self.draft, small=True)
        self.layers = tuple(weights_of(self.held, self.origins))
        self.before = forms_of(self.held)
        quantised = [op for op, forms in self.before.items() if any(f.startswith("w") for f in forms)]
        if quantised and not self.layers:
            raise CompressError(f"the model is quantised already ({len(quantised)} layers, as {quantised[0]!r})")
        packs = next((n for n in self.draft.model.graph.all_nodes() if n.op_type in _QUANTISES), None)
        if packs is not None and (scheme.activations or scheme.form == "float"):
            raise CompressError(f"the model is quantised already: it has {packs.op_type} ({packs.name!r})")
        if not self.layers:
            raise CompressError("the model has no weights of contractions to compress")
        self.notes = [f"{len(quantised)} layers are quantised already, and stay so"] if quantised else []
        if scheme.form == "linear":
            self._raise_opset()
        self._refuse_none(self.why_left(()))
        self.samples, self.unsampled = self._samples(calibration)
        self._passing = tempfile.TemporaryDirectory(prefix="edgeplan-")
        self._results: list[list[Array]] | None = None

    def _raise_opset(self) -> None:
        """Bring the model to the opset that the scheme needs, and say so."""
        now, needs = self.held.context.opset, opset_of(self.scheme, self.layers)
        if now < needs:
            try:
                self.held = raise_opset(self.held, needs)
            except OpsetError as e:
                raise CompressError(f"{self.scheme.name} needs opset {needs}: {e}") from None
            self.held, again = as_run(self.held, small=True)
            self.origins = {**again, **self.origins}
            self.layers = tuple(weights_of(self.held, self.origins))
            self.notes.append(f"raised from opset {now} to {needs}, which {self.scheme.name} needs")
        self.held.model.ir_version = max(self.held.model.ir_version, ir_version_of(self.held.context.opset))

    def _samples(self, calibration: Path | None) -> tuple[Samples, str]:
        if calibration is not None:
            return read_samples(calibration, inputs_of(self.draft.read)), ""
        try:
            found = random_samples(self.draft.read, self.source)
        except CompressError as e:
            if self.scheme.activations:
                raise CompressError(f"{self.scheme.name} needs samples of the inputs (--calibration): {e}") from None
            return Samples((), "", random=True), str(e)
        if self.scheme.activations:
            self.notes.append(
                "RANDOM INPUTS: activations are scaled to what these make of them, not your data. Size and speed are "
                "right, results are not: give samples (--calibration) before anybody uses this model"
            )
        return found, ""

    def ops_of(self, keep: Collection[str]) -> frozenset[str]:
        """The ops of layers that are named by weight or by op. Raises `CompressError` for a name of neither."""
        known: dict[str, set[str]] = {}
        for layer in self.layers:
            for name in (layer.name, layer.layer.weight, layer.layer.op):
                known.setdefault(name, set()).add(layer.layer.op)
        for name in keep:
            if name not in known:
                near = get_close_matches(name, known, 1)
                raise CompressError(f"no layer is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return frozenset(op for name in keep for op in known[name])

    def why_left(self, kept: Collection[str]) -> dict[str, str]:
        """Why weights are left wide, by name: those of `kept` ops, and those that the scheme does not take."""
        why = {w.layer.weight: "kept wide" if w.layer.op in kept else self._why_not(w) for w in self.layers}
        return {name: said for name, said in why.items() if said}

    def _why_not(self, weight: Weight) -> str:
        return why_not(self.scheme, weight) or spared(weight.layer, self.ops)

    def _refuse_none(self, left: Mapping[str, str]) -> None:
        if len(left) == len(self.layers):
            raise CompressError(f"{self.scheme.name} would be applied to no layer: {next(iter(left.values()))}")

    def write(self, kept: Collection[str], place: Path) -> list[Path]:
        """Write the compressed model, the ops `kept` wide; the files made. Raises `CompressError`, `WriteError`."""
        left = self.why_left(kept)
        self._refuse_none(left)
        made = self.held.copy()
        if self.scheme.form == "float":
            made, self.blocked = in_float16(made, kept, weights_of(made))
            return write_model(made, place, self.source)
        if not self.scheme.activations:
            dequantised(made, self.scheme, [w for w in weights_of(made) if w.layer.weight not in left])
            return write_model(made, place, self.source)
        layers = {w.layer.op for w in self.layers}
        kept = {*kept, *(w.layer.op for w in self.layers if spared(w.layer, self.ops))}
        ranges = Path(self._passing.name) / "ranges.json"
        result = quantised_statically(made, self.scheme, self.samples.feeds, kept, layers, ranges, self.symmetric)
        return write_model(result, place, self.source)

    blocked: tuple[str, ...] = ()
    """Types of ops that stay float32 in a float16 model."""

    def measure(self, place: Path) -> Fidelity:
        """How far the outputs of a written result are from the model's."""
        why = self.unsampled or (unmeasured(self.draft) if self.draft.blank else "")
        if why:
            return Fidelity({}, 0, why)
        outputs = [*self.draft.read.graph.outputs]
        self.tell("running the result")
        if self._results is None:
            try:
                self._results = [*run_each(str(self.source), self.samples.feeds, outputs)]
            except RunError as e:
                self.unsampled = f"onnxruntime does not run the model: {e}"
                return Fidelity({}, 0, self.unsampled)
        return fidelity(self._results, place, self.samples.feeds, outputs)

    def finish(self, output: Path, keep: Collection[str] = ()) -> Compressed:
        """Write the result to its place, once it has been run, and say what it holds."""
        refuse_place(output, self.source)
        refuse_weights(files_of(output), self.draft)
        kept = self.ops_of(keep)
        try:
            with tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=output.absolute().parent) as folder:
                self.tell(f"compressing by {self.scheme.name}")
                made = self.write(kept, Path(folder) / output.name)
                found = self.measure(made[0])
                if found.broken:
                    raise CompressError(f"the result is not written: {found.why}")
                said = self._outcome(made, kept, found)
                for path in reversed(made):  # the model after its weights
                    os.replace(path, output.with_name(path.name))
        except OSError as e:
            raise WriteError(f"cannot write {output}: {e.strerror or e}") from None
        return replace(said, written=tuple(str(output.with_name(p.name)) for p in made))

    def _outcome(self, made: list[Path], kept: Collection[str], found: Fidelity) -> Compressed:
        result = Draft.open(made[0])
        measured = weight_errors(self.draft, [self.scheme]).get(self.scheme.name)
        snr: Mapping[str, float] = measured.by_layer if measured is not None else {}
        why = self.why_left(kept)
        done, left = layers_found(self.layers, self.before, forms_of(result), why, snr)
        if not done:
            raise CompressError(f"{self.scheme.name} was applied to no layer: {left[0].reason}")
        if self.scheme.form != "float":
            more = computed_weights(self.held.graph)
            left += tuple(Unapplied(w.weight, w.op, w.label, w.shape, COMPUTED) for w in more)
        notes = [*self.notes]
        if self.blocked:
            notes.append(f"ops that stay float32: {', '.join(self.blocked)}")
        if self.scheme.form == "float":
            notes.append("inputs and outputs are float32, as before")
        return Compressed(
            self.source.name,
            self.scheme.name,
            _tool(self.scheme),
            (),
            _size([self.source, *weight_files(self.draft)]),
            _size(made),
            done,
            left,
            found.outputs,
            self.samples.said if found.runs else "",
            found.runs,
            found.why,
            f"opset {result.context.opset}",
            tuple(notes),
        )


def compress_onnx(
    source: Path,
    scheme: Scheme,
    output: Path,
    *,
    calibration: Path | None = None,
    keep: Collection[str] = (),
    symmetric: bool = False,
    ops: Collection[str] = ("*",),
    tell: Callable[[str], None] = lambda _: None,
) -> Compressed:
    """Compress an ONNX file by a scheme, and say what became of it.

    `calibration` is a file or folder of samples (see `read_samples`); without it inputs are random. Layers in `keep`,
    by the name of their weight or their op, stay as wide as they are. `symmetric` gives activations no zero point, as
    TensorRT wants them; `ops` are the types whose weights a runtime takes so, `*` all. Raises `CompressError` for what
    cannot be done, `edgeplan.ModelError` and `WriteError`; then nothing is written.
    """
    refuse_place(output, source)
    return OnnxCompression(source, scheme, calibration, symmetric, ops, tell).finish(output, keep)


def _tool(scheme: Scheme) -> str:
    if scheme.form == "linear" and not scheme.activations:
        return "edgeplan"
    from onnxruntime import __version__

    return f"onnxruntime {__version__}"


def _size(files: Collection[Path]) -> int:
    return sum(path.stat().st_size for path in files)
