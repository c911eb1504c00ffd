"""The manifest of halves that were written: their files, what each reads and makes, and what is sent as what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgeplan.graph import Value
from edgeplan.links.encoding import find_encoding
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.halves import Halves
from edgeplan.surgery.splitting.fidelity import Encoded
from edgeplan.surgery.splitting.manifest import (
    FORMAT,
    File,
    Half,
    Input,
    Manifest,
    Model,
    Output,
    Sent,
    Side,
    sha256_of,
)
from edgeplan.version import __version__

__all__ = ["Sending", "describe", "file_of", "with_measured"]


@dataclass(frozen=True, slots=True)
class Sending:
    """How tensors are sent: in `encoding` where it is for their type, those in `apart` in their own.

    `back` are the cloud's outputs that the device wants, None for all. `plan` are ids to be kept with the split.
    """

    encoding: str = "raw"
    apart: Mapping[str, str] = field(default_factory=dict)
    back: Collection[str] | None = ()
    plan: Mapping[str, str] = field(default_factory=dict)


def describe(
    source: Path, draft: Draft, halves: Halves, files: Mapping[Side, Sequence[Path]], sending: Sending
) -> Manifest:
    """The manifest of both halves of a draft that was read from `source`."""
    values, graph = draft.graph.values, draft.graph
    made = {side: _half(part, files[side]) for side, part in halves.parts.items()}
    device, cloud = made.get("device"), made.get("cloud")
    inputs = []
    for name in graph.inputs:
        sides: list[Side] = [side for side, half in made.items() if name in half.inputs]
        inputs.append(Input(name, _label(values[name]), values[name].shape, tuple(sides)))
    outputs = []
    for name in graph.outputs:
        side: Side = "cloud" if device is None or name not in device.outputs else "device"
        outputs.append(Output(name, _label(values[name]) or None, values[name].shape, side))
    there = [out.name for out in outputs if out.side == "cloud"]
    up = () if cloud is None else cloud.inputs
    down = there if sending.back is None else [name for name in there if name in sending.back]
    return Manifest(
        FORMAT,
        __version__,
        Model(source.name, source.stat().st_size, sha256_of(source), graph.opset),
        device,
        cloud,
        tuple(inputs),
        tuple(outputs),
        tuple(_sent(values[name], sending, sending.encoding) for name in up),
        tuple(_sent(values[name], sending, "raw") for name in down),
        sending.encoding,
        dict(sending.plan),
    )


def _half(part: Draft, files: Sequence[Path]) -> Half:
    return Half(
        files[0].name,
        tuple(map(file_of, files)),
        part.ops,
        tuple(v.name or "" for v in part.model.graph.inputs),
        tuple(v.name or "" for v in part.model.graph.outputs),
    )


def file_of(path: Path) -> File:
    """A file as a manifest names it."""
    return File(path.name, path.stat().st_size, sha256_of(path))


def _label(value: Value) -> str:
    """The element type's name; empty where it is not known, which no tensor that is sent may be."""
    return value.dtype.label if value.dtype is not None else ""


def _sent(value: Value, sending: Sending, usual: str) -> Sent:
    """A tensor as it is sent; of one whose shape the data decide no size is known."""
    encoding, size = sending.apart.get(value.name, usual), value.bytes
    if value.sizes is None or size is None or value.dtype is None or value.elements is None:
        shape = None if value.shape is None else tuple(d if isinstance(d, int) else None for d in value.shape)
        return Sent(value.name, _label(value), shape, None, "raw", None)
    sent = find_encoding(encoding).sent(value.dtype, value.elements)
    if sent is None:
        encoding, sent = "raw", size
    return Sent(value.name, _label(value), value.sizes, size, encoding, sent)


def with_measured(manifest: Manifest, encodings: Sequence[Encoded]) -> Manifest:
    """The manifest with the sizes that were measured where they depend on the data, and raw where nothing else goes."""
    found = {e.encoding: e for e in encodings}

    def measured(sent: Sent) -> Sent:
        made = found.get(sent.encoding)
        if made is None or sent.name not in made.sent:
            return sent
        if sent.name in made.raw:
            return replace(sent, encoding="raw", sent_bytes=sent.bytes)
        return replace(sent, sent_bytes=made.sent[sent.name])

    return replace(manifest, boundary=tuple(map(measured, manifest.boundary)))
