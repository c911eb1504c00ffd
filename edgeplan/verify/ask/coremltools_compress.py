"""Compresses a Core ML package, or an ONNX model made one, with coremltools.optimize.coreml, and reads the result.

Options: `output`, where the package goes; `report`, where what became of each weight goes; `scheme`, how weights are
stored (the fields of `edgeplan.lower.scheme.Scheme`), null where they stay floats; `exceptions`, other schemes by the
name of a weight or of an op that reads it, null for those that stay as they are; `threshold`, the elements up to which
a weight stays as it is; `deployments`, the releases it may be made for, the least first (`iOS16`): a package is raised
to that one, an ONNX model converted for the first that takes its ops; `precision` of what an ONNX model becomes
(`float16`); `metadata` that it is given; `blank`, whether its weights are still to come.

The report has `spec` (the package's version before and after), `weights` (name, op, label, shape, form in the result,
`signal` and `noise`: sums of squares before, and of the change, null where they say nothing; `reason` it was left for),
`small` (weights under the threshold), `before` (weights that were compressed already) and `filled` (weights that random
numbers stand for).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))  # `-P` leaves it out

from mil_build import refusal
from mil_compress import Words, compressed, mend_percentiles
from mil_weights import Key, Read, form, loaded, reads, values

NEEDED = ("numpy", "coremltools")
TO_CONVERT = ("onnx", "onnxslim", "onnx2coreml")
PACKAGES = ("coremltools", "onnx2coreml", "onnxslim", "numpy", "scikit-learn")
KEPT = "kept as it is, as asked"
VECTOR = "coremltools leaves vectors as they are"
SILENT = "coremltools left it and said nothing"
STEPS = 3
"""Ops that a convolution may take in behind it: a normalisation in parts."""

answer: dict[str, Any] = {"versions": {}, "done": False, "error": "", "notes": {}}


class RefusedError(ValueError):
    """What is not compressed, and why, in words for people."""


def write(path: str, said: Any) -> None:
    """Put what is said in place at once."""
    Path(path + ".new").write_text(json.dumps(said), "utf-8")
    os.replace(path + ".new", path)


def opened(request: Mapping[str, Any], report: dict[str, Any]) -> tuple[Any, Any]:
    """The package to compress, and the ONNX model it was made of, if it was."""
    import coremltools as ct

    options = request["options"]
    if not request["model"].endswith(".onnx"):
        model = ct.models.MLModel(request["model"], skip_model_load=True)
        spec = model.get_spec()
        kind = spec.WhichOneof("Type")
        if kind != "mlProgram" or len(spec.mlProgram.functions) != 1:
            what = f"a {kind}" if kind != "mlProgram" else "one of several functions"
            raise RefusedError(f"it compresses ML programs of one function, and this package is {what}")
        report["spec"][0] = spec.specificationVersion
        return raised(model, int(ct.target[options["deployments"][0]])), None
    from onnx_clean import filled, simplified

    source = simplified(request["model"])
    report["filled"] = len(filled(source)) if options["blank"] else 0
    model = converted(source, options)
    spec = model.get_spec()
    said = spec.description.metadata
    said.Clear()  # the converter signs the package as its author
    for name, words in options["metadata"].items():
        if name in ("author", "license", "shortDescription", "versionString"):
            setattr(said, name, words)
        else:
            said.userDefined[name] = words
    report["spec"][0] = spec.specificationVersion
    return ct.models.MLModel(spec, weights_dir=model.weights_dir, skip_model_load=True), source


def converted(source: Any, options: Mapping[str, Any]) -> Any:
    """The package of an ONNX model, for the first release whose ops will do. Raises what the last refused it with."""
    import onnx2coreml

    precision = {"float16": "fp16", "float32": "fp32"}[options["precision"]]
    refused: Exception | None = None
    for release in options["deployments"]:
        try:
            return onnx2coreml.convert(
                source, minimum_deployment_target=release, compute_units="all", compute_precision=precision
            )
        except Exception as e:  # whatever the converter raises is its refusal
            refused = e
    raise refused or ValueError("no release to convert for")


def raised(model: Any, least: int) -> Any:
    """The package at the version that a scheme needs: coremltools checks every op against the newer opset."""
    import coremltools as ct

    spec = model.get_spec()
    if spec.specificationVersion >= least:
        return model
    spec.specificationVersion = least
    return ct.models.MLModel(spec, weights_dir=model.weights_dir, skip_model_load=True)


def named(found: Mapping[Key, Read], exceptions: Mapping[str, Any], source: Any) -> dict[Key, Any]:
    """The exceptions by weight. Raises `RefusedError` for a name that no weight or op has."""
    chosen: dict[Key, Any] = {}
    for name, scheme in exceptions.items():
        wanted = {plain(n) for n in (name, *(reached(source, name, found) if source is not None else ()))}
        hit = [k for k, r in found.items() if wanted & {plain(n) for n in (r.const, *r.readers)}]
        if not hit:
            raise RefusedError(f"no weight or op of the package is called {name}")
        chosen.update(dict.fromkeys(hit, scheme))
    return chosen


def plain(name: str) -> str:
    """A name without what a conversion to float16 puts behind it, spelled as a package does."""
    base = re.sub(r"(_to_fp16|_cast_fp16|_cast)+$", "", name)
    spelled = "".join(c if c.isalnum() else "_" for c in base)
    return f"_{spelled}" if spelled[:1].isdigit() else spelled


def reached(source: Any, name: str, found: Mapping[Key, Read]) -> Collection[str]:
    """The values behind a node or weight of the ONNX model, up to the first that an op with weights is named by.

    A convolution that took in the normalisation after it is named by that one's output.
    """
    ops = {plain(r.op) for r in found.values()}
    readers: dict[str, list[Any]] = {}
    for node in source.graph.node:
        for value in node.input:
            readers.setdefault(value, []).append(node)
    behind = [o for n in source.graph.node if name in (n.name, *n.input) for o in n.output]
    last = behind
    for _ in range(STEPS):
        if ops & {plain(v) for v in behind}:
            break
        last = [o for v in last if len(readers.get(v, ())) == 1 for o in readers[v][0].output]
        behind = [*behind, *last]
    return behind


def done(request: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Compress and save; the report of what is read again from the package that was saved."""
    import coremltools as ct
    from coremltools.optimize.coreml import decompress_weights

    options = request["options"]
    report: dict[str, Any] = {"spec": [0, 0], "weights": [], "small": 0, "filled": 0, "before": 0}
    model, source = opened(request, report)
    found = reads(loaded(model))
    report["before"] = sum(r.made.op_type != "const" for r in found.values())
    held = {k: r for k, r in found.items() if r.made.op_type == "const" and r.is_float}
    large = {k: r for k, r in held.items() if r.made.val.val.size > options["threshold"]}
    report["small"] = sum(len(r.shape) > 1 for k, r in held.items() if k not in large)
    exceptions = named(held, options["exceptions"], source)
    if options["scheme"] is None:  # converted alone: of the rest there is nothing to say
        large = {k: r for k, r in large.items() if k in exceptions}
    chosen = {k: exceptions.get(k, options["scheme"]) for k, r in large.items() if len(r.shape) > 1}
    made, reasons = compressed(model, chosen, options["threshold"], words)
    spec = made.get_spec()
    spec.description.CopyFrom(model.get_spec().description)  # what a package says of itself stays
    ct.models.MLModel(spec, weights_dir=made.weights_dir, skip_model_load=True).save(options["output"])
    again = ct.models.MLModel(options["output"], skip_model_load=True)
    report["spec"][1] = again.get_spec().specificationVersion
    after, dense = reads(loaded(again)), values(loaded(decompress_weights(again)))
    for key, read in large.items():
        stored = form(after[key].made) if key in after else ""
        signal, noise = (None, None) if options["blank"] else energy(read.made.val.val, dense.get(key))
        why = "" if stored else SILENT
        why = VECTOR if key not in chosen else KEPT if chosen[key] is None else reasons.get(key, why)
        report["weights"].append({
            "weight": read.const, "op": read.op, "label": read.label, "shape": read.shape, "form": stored,
            "signal": signal, "noise": noise, "reason": why,
        })  # fmt: skip
    return report


def energy(was: Any, now: Any) -> tuple[float | None, float | None]:
    """Sums of squares of a weight, and of what it changed by; none where they are not known, or no numbers."""
    import numpy as np

    if now is None:
        return None, None
    old, new = np.asarray(was, np.float64), np.asarray(now, np.float64)
    signal, noise = float(np.sum(old * old)), float(np.sum((old - new) ** 2))
    return (signal, noise) if np.isfinite(signal) and np.isfinite(noise) else (None, None)


def main(request_path: str, answer_path: str) -> None:
    """Answer one request."""
    request = json.loads(Path(request_path).read_text("utf-8"))
    options = request["options"]
    schemes = [s for s in (options["scheme"], *options["exceptions"].values()) if s is not None]
    needed = [*NEEDED, *(TO_CONVERT if request["model"].endswith(".onnx") else ())]
    needed += ["sklearn"] if any(s["form"] == "palette" for s in schemes) else []
    for name in needed:
        try:
            importlib.import_module(name)
        except ImportError as e:
            answer["missing"] = f"the Python package {e.name or name}"
            write(answer_path, answer)
            return
    mend_percentiles()
    words = Words()
    logging.getLogger().addHandler(words)
    installed = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
    answer["versions"] = {p: installed[p] for p in PACKAGES if p in installed}
    try:
        write(options["report"], done(request, words))
        answer["done"] = True
    except RefusedError as e:
        answer["error"] = str(e)
    except Exception as e:  # whatever the tool raises is its refusal
        answer["error"] = refusal(e)
    write(answer_path, answer)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], sys.argv[2])
