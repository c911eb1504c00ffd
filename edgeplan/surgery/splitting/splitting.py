"""A planned split made: the model cut, both halves held against the whole, encodings measured, the folder written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeplan.frontends import load_model
from edgeplan.frontends.loaded import Loaded
from edgeplan.graph import Graph
from edgeplan.splitting.question import SplitError
from edgeplan.surgery.binding import bind
from edgeplan.surgery.compressing.calibration import Samples, inputs_of, random_samples, read_samples
from edgeplan.surgery.compressing.outcome import CompressError
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.equivalence import FEEDABLE, with_random_weights
from edgeplan.surgery.halves import Halves, cut_in_two
from edgeplan.surgery.splitting.check import Check, hold_halves
from edgeplan.surgery.splitting.describe import Sending, describe, with_measured
from edgeplan.surgery.splitting.fidelity import Encoded, encoded_outputs
from edgeplan.surgery.splitting.manifest import MANIFEST, Manifest, Side
from edgeplan.surgery.splitting.write import place_files, refuse_folder, write_halves
from edgeplan.surgery.writing import WriteError, write_model

if TYPE_CHECKING:
    from edgeplan.splitting.split import SplitPlan
    from edgeplan.splitting.way import Tensor

__all__ = ["SplitFiles", "split_at", "split_model"]

_RUNS, _MEASURED = 2, 4
"""Samples that the halves are held against the whole on at most, and that encodings are measured on."""


@dataclass(frozen=True, slots=True)
class SplitFiles:
    """A split that was made. `written` is empty where no folder was given, or the halves do not stand for the whole,
    as `why` says. `check` is None where they were not run, `encodings` empty where none was measured, as `unmeasured`
    says.
    """

    manifest: Manifest
    written: tuple[str, ...] = ()
    check: Check | None = None
    encodings: tuple[Encoded, ...] = ()
    why: str = ""
    unmeasured: str = ""


def split_model(
    source: Path,
    split: SplitPlan,
    folder: Path | None = None,
    *,
    samples: Path | None = None,
    verify: bool = True,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> SplitFiles:
    """Make the best way of a plan of the ONNX file `source`, bound as it was planned, in `folder`, if given.

    See `split_at`. Raises `SplitError` where that way is not allowed, or the cut sends other tensors than were planned.
    """
    if split.chosen.refused:
        raise SplitError(f"nothing is split: {split.chosen.refused}")
    way = split.chosen.way
    encodings = {tensor.name: _on_the_wire(tensor) for tensor in (*way.up, *way.down)}
    names = [encodings[tensor.name] for tensor in way.up if encodings[tensor.name] != "raw"]
    sending = Sending(
        names[0] if names else "raw",
        encodings,
        [tensor.name for tensor in way.down],
        {"target": split.device.device, "cloud": split.cloud.id, "network": split.network.id},
    )
    ops = {"device": None, "cloud": (), "split": way.device_ops}[way.kind]
    sent = [tensor.name for tensor in way.up] if way.kind == "split" else None
    return split_at(
        source, ops, folder, sending=sending, sent=sent, samples=samples, verify=verify,
        dims=dims, inputs=inputs, values=values, tell=tell,
    )  # fmt: skip


def _on_the_wire(tensor: Tensor) -> str:
    """How a tensor is sent: as it is, where its bytes were given, as of a JPEG that the model knows nothing of."""
    return "raw" if tensor.encoding == "given" else tensor.encoding


def split_at(
    source: Path,
    device_ops: Collection[str] | None,
    folder: Path | None = None,
    *,
    sending: Sending | None = None,
    sent: Collection[str] | None = None,
    samples: Path | None = None,
    verify: bool = True,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> SplitFiles:
    """Cut `source` so that the device runs the ops named, and what these need, all of them with None, none without.

    Both models and a manifest are written to `folder`, if given. With `verify` they are run beside the whole, on
    `samples` (inputs in .npz or .npy files) or random inputs, and each encoding of what crosses is measured: not of a
    model that is not trained yet. `sent` are the tensors that should cross. `tell` hears what is going on.
    Raises `SplitError`, `edgeplan.ModelError`, `WriteError`, and `ValueError` for bindings and samples that do not fit.
    """
    draft = Draft.open(source)
    planned = load_model(source, dims, inputs, values).graph
    if folder is not None:
        refuse_folder(folder, source, draft)
    bind(draft, dims or {}, inputs or {}, values or {})
    given = _given(samples, draft.read)
    names = None if device_ops is None else _named(device_ops, planned, draft.graph)
    cloud = frozenset() if names is None else _others(draft.graph, names)
    tell("cutting the model")
    halves = cut_in_two(draft, cloud)
    if isinstance(halves, str):
        raise SplitError(halves)
    crossing = (*halves.carried, *halves.boundary)
    if sent is not None and set(sent) != set(crossing):
        raise SplitError(f"the cut sends {_say(crossing)}, and {_say(sent)} was planned")
    for name in crossing:
        kind = draft.graph.values[name].dtype
        if kind not in FEEDABLE:
            raise SplitError(f"{name!r} would be sent, and no encoding is for its type, {kind}")
    job = _Job(source, draft, halves, cloud, bool(dims or inputs or values))
    try:
        with _aside(folder) as name:
            return _made(job, Path(name), folder, sending or Sending(), given, verify, tell)
    except OSError as e:
        raise WriteError(f"cannot write {folder or 'the halves'}: {e.strerror or e}") from None


def _aside(folder: Path | None) -> tempfile.TemporaryDirectory[str]:
    """Where files are made that are moved to a folder: on the same disk."""
    near = None if folder is None else folder if folder.is_dir() else folder.absolute().parent
    return tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=near)


def _say(names: Collection[str]) -> str:
    return ", ".join(map(repr, sorted(names))) or "nothing"


def _given(samples: Path | None, read: Loaded) -> Samples | None:
    try:
        return read_samples(samples, inputs_of(read)) if samples is not None else None
    except CompressError as e:
        raise SplitError(str(e)) from None


def _named(names: Collection[str], planned: Graph, graph: Graph) -> frozenset[str]:
    """The names that ops have in the draft. Those of functions written out are named anew there, in the same order."""
    old, new = ([(op.name, op.type) for op in ops] for ops in (planned.ops, graph.ops))
    unknown = sorted(set(names).difference(name for name, _ in old))
    if unknown:
        raise SplitError(f"no op is called {unknown[0]!r}")
    if sorted(old) == sorted(new):  # at most in another order
        return frozenset(names)
    if [kind for _, kind in old] != [kind for _, kind in new]:
        raise SplitError("its local functions are written out to other ops than were planned")
    return frozenset(here for (there, _), (here, _) in zip(old, new, strict=True) if there in names)


def _others(graph: Graph, device_ops: Collection[str]) -> frozenset[str]:
    """The ops that neither are on the device nor make what an op there reads and is not known beforehand."""
    needed: set[str] = set()
    left = []
    for op in reversed(graph.ops):
        if op.name in device_ops or needed.intersection(op.outputs):
            needed.update(name for name in graph.reads(op) if not graph.values[name].const)
        else:
            left.append(op.name)
    return frozenset(left)


@dataclass(frozen=True, slots=True)
class _Job:
    """A model and its halves; `cloud` names the ops of the latter one."""

    source: Path
    draft: Draft
    halves: Halves
    cloud: frozenset[str]
    bound: bool


def _made(
    job: _Job,
    aside: Path,
    folder: Path | None,
    sending: Sending,
    given: Samples | None,
    verify: bool,
    tell: Callable[[str], None],
) -> SplitFiles:
    """The halves written to a folder aside, run, and put in their place when they stand."""
    made = aside / "split"
    made.mkdir()
    files = write_halves(job.halves, made, job.source)
    manifest = describe(job.source, job.draft, job.halves, files, sending)
    if manifest.wrong:  # of a model that is none: an output named twice, no output at all
        raise SplitError(f"no split can be made of it: {manifest.wrong}")
    found = SplitFiles(manifest, unmeasured="the halves were not run, as asked for")
    if verify:
        tell("running both halves and the whole")
        found = _held(found, job, aside, files, given)
        if found.why:
            return found
    if folder is None:
        return found
    (made / MANIFEST).write_text(found.manifest.to_json(), encoding="utf-8")
    names = [*(file.name for file in found.manifest.files), MANIFEST]
    return replace(found, written=tuple(map(str, place_files(made, folder, names))))


def _held(
    found: SplitFiles, job: _Job, aside: Path, files: Mapping[Side, Sequence[Path]], given: Samples | None
) -> SplitFiles:
    """The halves held against the whole, and each encoding measured.

    Of a model that is not trained yet both get weights drawn at random, and encodings would say nothing.
    """
    draft, blank = job.draft, job.draft.blank
    whole, parts = job.source, [made[0] for made in files.values()]
    if blank:
        drawn = _drawn(job, aside)
        if isinstance(drawn, str):
            return replace(found, check=Check.not_run(drawn), unmeasured=drawn)
        whole, parts = drawn
    elif job.bound:  # what was bound to a value is an input of the file, not of the halves
        whole = write_model(draft, aside / "whole.onnx", job.source)[0]
    try:
        samples = given or random_samples(draft.read, whole, _MEASURED)
    except CompressError as e:
        return replace(found, check=Check.not_run(str(e)), unmeasured=str(e))
    some = replace(samples, feeds=samples.feeds[:_RUNS])
    check = hold_halves(whole, parts, draft.graph, some, random_weights=blank)
    if check.broken or check.why:
        return replace(found, check=check, why=check.broken, unmeasured=check.broken or check.why)
    cloud = files.get("cloud")
    if blank or cloud is None:
        return replace(found, check=check, unmeasured="the model is not trained yet" if blank else "nothing is sent")
    crossing = (*job.halves.carried, *job.halves.boundary)
    wanted = [out.name for out in found.manifest.outputs if out.side == "cloud"]
    device = [made[0] for side, made in files.items() if side == "device"]
    some = replace(samples, feeds=samples.feeds[:_MEASURED])
    encodings = encoded_outputs(device, cloud[0], some, crossing, wanted)
    return replace(
        found, manifest=with_measured(found.manifest, encodings), check=check, encodings=encodings, unmeasured=""
    )


def _drawn(job: _Job, aside: Path) -> tuple[Path, list[Path]] | str:
    """The whole and its halves with weights drawn at random; or why it cannot be cut then."""
    whole, folder = aside / "drawn.onnx", aside / "drawn"
    folder.mkdir()
    drawn = with_random_weights(job.draft, whole)
    again = cut_in_two(drawn, job.cloud.intersection(op.name for op in drawn.graph.ops))
    if isinstance(again, str):
        return again
    return whole, [made[0] for made in write_halves(again, folder, whole).values()]
