"""The weights of a lowered graph, layer by layer: those a scheme is applied to, and those it leaves as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import prod

from edgeplan.compression.offers import Offer
from edgeplan.graph import Graph, Op
from edgeplan.lower.scheme import Scheme
from edgeplan.lower.weights import Role, channel_axes, is_stored, role_of, widens

__all__ = ["Layer", "Skip", "layers_of", "spared", "split", "undivided"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One constant of floats with two axes or more, and the first op that reads it, by `op` name and `label`.

    `weight` is its name in the lowered graph. `channel_axis` and `input_axis` count its output and input channels, None
    where its readers do not agree on them. `sources` are the ops of the source model, of all its readers. `role` is
    `weight` of a contraction, `table` to gather from, or any other `value`.
    """

    weight: str
    op: str
    label: str
    shape: tuple[int, ...]
    channel_axis: int | None
    sources: tuple[str, ...]
    input_axis: int | None = None
    role: Role = "weight"
    labels: tuple[str, ...] = ()
    """Of every reader, each once."""

    @property
    def elements(self) -> int:
        """How many weights it has."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class Skip:
    """A layer that a scheme leaves as it is, and why: a clause to stand behind its name."""

    layer: Layer
    reason: str


def layers_of(lowered: Graph) -> tuple[Layer, ...]:
    """Every constant of floats with two axes or more that an op reads at run time, bodies included, each once."""
    found: dict[str, list[Layer]] = {}
    for graph, op in lowered.walk():
        if widens(graph, op) or (
            graph.dialect == "mil" and op.outputs and all(graph.values[n].const for n in op.outputs)
        ):
            continue  # a part of the weight, or computed by the converter
        for port, name in zip(op.ports, op.inputs, strict=True):
            layer = _layer(graph, op, port, name)
            if layer is not None:
                found.setdefault(name, []).append(layer)
    return tuple(map(_joined, found.values()))


def _layer(graph: Graph, op: Op, port: str, name: str) -> Layer | None:
    value = graph.values[name]
    if not is_stored(graph, name) or value.sizes is None or len(value.sizes) < 2:
        return None
    role = role_of(op, port, value)
    out, inner = channel_axes(op, port, len(value.sizes))
    return Layer(name, op.name, op.label, value.sizes, out, op.sources, inner, role, (op.label,))


def _joined(read: Sequence[Layer]) -> Layer:
    """A constant with all its readers: axes on which these do not agree are not known, and a weight stays one."""
    first = read[0]
    agree = len({(layer.channel_axis, layer.input_axis) for layer in read}) == 1
    return Layer(
        first.weight,
        first.op,
        first.label,
        first.shape,
        first.channel_axis if agree else None,
        tuple(dict.fromkeys(s for layer in read for s in layer.sources)),
        first.input_axis if agree else None,
        min((layer.role for layer in read), key=("weight", "table", "bias", "scale", "value").index),
        tuple(dict.fromkeys(name for layer in read for name in layer.labels)),
    )


def split(layers: Iterable[Layer], scheme: Scheme, offer: Offer) -> tuple[tuple[Layer, ...], tuple[Skip, ...]]:
    """The layers that the backend's tool compresses by a scheme, and those it leaves as they are.

    Other constants than weights and tables, where they are left, are no skips: nobody calls them layers.
    """
    taken: list[Layer] = []
    skipped: list[Skip] = []
    for layer in layers:
        reason = _reason(layer, scheme, offer)
        if not reason:
            taken.append(layer)
        elif layer.role in ("weight", "table"):
            skipped.append(Skip(layer, reason))
    return tuple(taken), tuple(skipped)


def _reason(layer: Layer, scheme: Scheme, offer: Offer) -> str:
    """Why a layer is left as it is; empty where it is not."""
    if offer.verdict in ("cannot", "unknown"):
        return offer.why
    why = spared(layer, offer.ops)
    if why:
        return why
    if layer.elements < offer.min_elements:
        return f"{layer.elements:,} elements, fewer than {offer.min_elements:,}"
    return undivided(layer, scheme)


def spared(layer: Layer, ops: Collection[str]) -> str:
    """Why a layer is left where the weights and tables of some `ops` alone are compressed, `*` being every constant of
    any op; empty where it is not.
    """
    if "*" in ops or (layer.role in ("weight", "table") and not {*layer.labels}.isdisjoint(ops)):
        return ""
    return f"weights of {layer.label} are not compressed"


def undivided(layer: Layer, scheme: Scheme) -> str:
    """Why the parts of a layer cannot have a scale or a palette each; empty where they can, or where all share one."""
    if scheme.per in ("", "tensor"):
        return ""
    if layer.channel_axis is None or layer.input_axis is None:
        return "its readers do not agree which axis counts channels"
    if scheme.per == "channel":
        return ""
    axis, what = (layer.input_axis, "input") if scheme.per == "block" else (layer.channel_axis, "output")
    count = layer.shape[axis]
    return "" if count % scheme.size == 0 else f"{count:,} {what} channels, which {scheme.size} does not divide"
