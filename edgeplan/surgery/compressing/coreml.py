"""Compresses Core ML packages, and ONNX models made packages, with Apple's coremltools, in a process of its own.

Core ML runs on Apple's systems alone: what was written is read again, its weights are expanded and held against those
before. The reasons that coremltools gives for weights it leaves are its own words.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from edgeplan.capability.rows import load_backend
from edgeplan.compression.mil_storage import needs_ios_18
from edgeplan.frontends import dialect_of
from edgeplan.frontends.errors import ModelError
from edgeplan.lower.scheme import Scheme
from edgeplan.surgery.compressing.outcome import Compressed, CompressError
from edgeplan.surgery.compressing.tool import Tool, Weight, layers
from edgeplan.verify.prepare import prepare
from edgeplan.verify.process import Limits

__all__ = ["THRESHOLD", "compress_package", "needed_release"]

THRESHOLD = 2048
"""Elements up to which coremltools leaves a weight as it is (`weight_threshold`, optimize/coreml/_config.py)."""

_DEPLOYMENTS = ("iOS 16", "iOS 17", "iOS 18")
"""The releases that coremltools 9.0 has ops of their own for, from the first that takes compressed weights."""

_SPECS = {6: "iOS 15", 7: "iOS 16", 8: "iOS 17", 9: "iOS 18", 10: "iOS 26"}
"""The release that first loads a package of a version (`coremltools/__init__.py`)."""

_NOT_RUN = "Core ML runs on Apple's systems alone: the package was read again, its weights expanded and compared"


class _Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spec: tuple[int, int]
    weights: tuple[Weight, ...]
    small: int
    filled: int
    before: int


@dataclass(frozen=True, slots=True)
class _Given:
    """The file that is compressed, the bytes it takes with its weights, and what is to be known of it."""

    path: Path
    size: int
    blank: bool = False
    metadata: Mapping[str, str] | None = None


def needed_release(scheme: Scheme) -> str:
    """The first iOS whose ops hold such weights: coremltools refuses it for earlier ones.

    https://apple.github.io/coremltools/docs-guides/source/opt-whats-new.html, and the checks of
    coremltools 9.0, optimize/coreml/_quantization_passes.py.
    """
    return "iOS 18" if needs_ios_18(scheme) else "iOS 16"


def compress_package(
    source: Path,
    scheme: Scheme,
    output: Path,
    *,
    keep: Collection[str] = (),
    exceptions: Mapping[str, Scheme] | None = None,
    threshold: int = THRESHOLD,
    release: str = "",
    precision: str = "float16",
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    python: Path | None = None,
    limits: Limits | None = None,
    tell: Callable[[float], None] | None = None,
) -> Compressed:
    """Write the package `output`: the .mlpackage `source`, or what the ONNX model `source` converts to, compressed.

    `keep` names weights, or ops that read them, that stay as they are, `exceptions` those stored another way. Weights
    of at most `threshold` elements stay. The result asks for the least release that it can, and for none after
    `release`. `precision`, `dims`, `inputs` and `values` are for ONNX models: what their floats become, and bindings of
    free sizes. `python` is the interpreter that has coremltools, this one by default; `tell` hears the seconds.
    Raises `CompressError` where nothing is written, `ModelError` and `BindingError` for models that cannot be read.
    """
    _refuse_output(output, source)
    onnx = _is_onnx(source)
    if not onnx:
        _refuse_package(source)
    others = {name: s for name, s in (exceptions or {}).items() if not _is_plain(s)}
    for one in (scheme, *others.values()):
        _refuse_scheme(one, onnx)
    deployments = _deployments([scheme, *others.values()], release)
    if _is_plain(scheme):
        precision = f"float{scheme.bits}"
    with tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=output.absolute().parent) as name:
        folder = Path(name)
        given = _prepared(source, folder, dims, inputs, values) if onnx else _Given(source, _bytes(source))
        named = dict.fromkeys([*(exceptions or {}), *keep]) | {k: asdict(s) for k, s in others.items() if k not in keep}
        options = {
            "output": str(folder.resolve() / output.name), "report": str(folder.resolve() / "report.json"),
            "scheme": None if _is_plain(scheme) else asdict(scheme), "exceptions": named, "threshold": threshold,
            "deployments": [d.replace(" ", "") for d in deployments], "precision": precision,
            "metadata": given.metadata or {}, "blank": given.blank,
        }  # fmt: skip
        scratch = folder.resolve() / "scratch"
        scratch.mkdir()
        tool = Tool("coremltools", "coremltools_compress", "compress-coreml", python, limits, tell)
        versions = tool.run(given.path, options, scratch)
        report = msgspec.json.decode((folder / "report.json").read_bytes(), type=_Report)
        made = _outcome(source, output, scheme, report, given, folder / output.name, versions)
        if not _is_plain(scheme) and not made.applied:
            rest = "they are compressed already" if report.before else f"none has more than {threshold:,} elements"
            why = made.left[0].reason if made.left else rest
            raise CompressError(f"no weight can be stored as {scheme.name}: {why}")
        try:
            os.rename(folder / output.name, output)
        except OSError as e:
            raise CompressError(f"cannot write {output}: {e.strerror}") from None
    return made


def _is_plain(scheme: Scheme) -> bool:
    """Whether weights stay the floats they are converted to."""
    return scheme.form == "float" and not scheme.sparsity


def _refuse_output(output: Path, source: Path) -> None:
    """Raise `CompressError` where the result cannot go: a folder is not replaced in one step, so there may be none."""
    if output.suffix != ".mlpackage":
        raise CompressError(f"{output} is no name of a package: they end in .mlpackage")
    if output.exists() or output.is_symlink():
        raise CompressError(f"{output} is there already: give another place")
    if not output.absolute().parent.is_dir():
        raise CompressError(f"cannot write {output}: no such folder")
    if source.is_dir() and output.resolve().is_relative_to(source.resolve()):
        raise CompressError(f"{output} lies in the model itself: give another place")


def _is_onnx(source: Path) -> bool:
    """Whether it is an ONNX model and no package. Raises `ModelError` where it is neither."""
    if source.is_dir():
        return False
    if dialect_of(source) != "onnx":
        raise ModelError("is no Core ML package (.mlpackage) and no ONNX model")
    return True


def _refuse_package(source: Path) -> None:
    """Raise `ModelError` for a folder that is no package, and for one that has files outside of it."""
    try:
        items = json.loads((source / "Manifest.json").read_text("utf-8"))["itemInfoEntries"].values()
        paths = [source / "Data" / str(item["path"]) for item in items]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise ModelError("is no Core ML package: its manifest cannot be read") from None
    inside = source.resolve()
    for path in (*paths, *source.rglob("*")):
        if not path.resolve().is_relative_to(inside):
            raise ModelError(f"holds a file outside its folder: {path.name!r}")


def _refuse_scheme(scheme: Scheme, onnx: bool) -> None:
    """Raise `CompressError` for what coremltools does not do on this machine, or Core ML has no ops for."""
    if scheme.activations:
        raise CompressError(
            f"{scheme.name}: coremltools learns the range of activations by running the model, and Core ML runs on "
            "Apple's systems alone"
        )
    if scheme.name == "bf16":
        raise CompressError("bf16: Core ML has no bfloat16")
    if _is_plain(scheme) and not onnx:
        raise CompressError(f"{scheme.name}: a package keeps the floats it was converted with: convert the model again")


def _deployments(schemes: Sequence[Scheme], release: str) -> Sequence[str]:
    """The releases a package may be made for, the least first."""
    least = max(needed_release(s) for s in schemes)
    backend = load_backend("coreml")
    if release and not backend.covers(least, "", release):
        most = next(s.name for s in schemes if needed_release(s) == least)
        raise CompressError(f"{most} needs {least}, the target has {release}")
    found = _DEPLOYMENTS[_DEPLOYMENTS.index(least) :]
    return [d for d in found if not release or backend.covers(d, "", release)]


def _prepared(
    source: Path,
    folder: Path,
    dims: Mapping[str, int] | None,
    inputs: Mapping[str, Sequence[int]] | None,
    values: Mapping[str, float] | None,
) -> _Given:
    """The ONNX model with its sizes bound, and what it says of itself."""
    import onnx_ir as ir

    from edgeplan.surgery.blank import has_blank_weights

    made = prepare(source, folder, dims, inputs, values)
    size = source.stat().st_size + _bytes(folder) - _bytes(made.path)
    if made.missing:
        raise ModelError(f"the file of its weights is not there: {made.missing[0]!r}")
    if made.free:
        raise CompressError(f"Core ML's converter needs every size: bind {', '.join(made.free)}")
    model = ir.load(made.path)
    spelled = {"description": "shortDescription", "version": "versionString"}
    metadata = {spelled.get(k, k): v for k, v in model.metadata_props.items()}
    if model.doc_string:
        metadata.setdefault("shortDescription", model.doc_string)
    return _Given(made.path, size, has_blank_weights(model), metadata)


def _outcome(
    source: Path,
    output: Path,
    scheme: Scheme,
    report: _Report,
    given: _Given,
    made: Path,
    versions: Mapping[str, str],
) -> Compressed:
    """What is said of a result."""
    done, left = layers(report.weights)
    was, now = (_SPECS.get(version, f"specification version {version}") for version in report.spec)
    notes = [f"{w.weight} is {w.form} alone: {w.reason}" for w in report.weights if w.form and w.reason]
    if was != now:
        notes.append(f"its ops were raised from {was} to {now}: earlier releases no longer load it")
    if report.before:
        notes.append(f"{report.before} weights were compressed already: they stay as they are")
    if report.small:
        notes.append(f"{report.small} smaller weights stay as they are")
    if report.filled:
        notes.append(f"untrained: random numbers stand for {report.filled} weights that were all one number")
    onnx = given.path != source
    if onnx:
        notes.append("converted by onnx2coreml; that the package computes what the model does was not checked")
    tools = [
        f"{name} {versions[name]}" for name in ("coremltools", *(["onnx2coreml"] if onnx else [])) if name in versions
    ]
    return Compressed(
        source.name, scheme.name, ", ".join(tools), (str(output),), given.size, _bytes(made), done, left,
        why=_NOT_RUN, needs=now, notes=tuple(notes),
    )  # fmt: skip


def _bytes(path: Path) -> int:
    """The size of a file, or of all in a folder."""
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else path.stat().st_size
