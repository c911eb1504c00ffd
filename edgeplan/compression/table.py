"""The table of `edgeplan compress`: a model on a target by every scheme, planned once each on the graph read once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from edgeplan.compression.choice import Bounds, Choice
from edgeplan.compression.errors import Errors
from edgeplan.compression.layers import Layer, Skip, layers_of, split
from edgeplan.compression.offers import Offer, offers
from edgeplan.compression.onnx_left import left_in_onnx
from edgeplan.compression.picks import Gain, Pick, gain_of, picks_of
from edgeplan.compression.sizes import download_size
from edgeplan.compression.timing import timed
from edgeplan.cost.latency import latency_of
from edgeplan.cost.work import work_of
from edgeplan.diagnose.case import Case
from edgeplan.diagnose.compression import Hindrance, dominance_findings, not_faster
from edgeplan.finding import Finding
from edgeplan.graph import DType, Graph
from edgeplan.lower.scheme import SCHEMES, Scheme, parse_scheme
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.memory.range import Range
from edgeplan.memory.term import Term
from edgeplan.place.lowered import as_compressed, lower_for
from edgeplan.place.partition import place
from edgeplan.plan import Plan, analyze_graph
from edgeplan.summary import ModelSummary, TargetSummary, summarize_target, unit_shares
from edgeplan.target import Target

__all__ = ["Compression", "LayerError", "compression_table"]

SCHEMA_VERSION = 1

_FLOATS = {DType.FLOAT32: "fp32", DType.FLOAT16: "fp16", DType.BFLOAT16: "bf16"}

_PAYS = {
    Gain.DOWNLOAD: "fewer bits for them make the download smaller, not the memory",
    Gain.NONE: "none of these schemes pays without training",
}
"""What weights of fewer bits give, where that is not all they could."""


class LayerError(ValueError):
    """A layer that the model does not have, in one line."""


@dataclass(frozen=True)
class Compression:
    """A model on a target by every scheme. `plan` is that of the file as it stands.

    `reference` is the choice, by its index, of the floats that the runtime holds the weights in unless it is told
    otherwise: what the others are held against; None where the model has no weights of floats, as `why` says.
    `picks` are the choices worth naming, `gain` what the best of them gives. `error_why` says why no errors are known.
    """

    model: ModelSummary
    target: TargetSummary
    plan: Plan
    choices: tuple[Choice, ...]
    reference: int | None
    why: str
    gain: Gain
    picks: tuple[Pick, ...]
    bounds: Bounds
    findings: tuple[Finding, ...]
    error_why: str = ""
    schema_version: int = field(default=SCHEMA_VERSION)

    def choice(self, scheme: str) -> Choice | None:
        """The choice of that scheme, if the table has it."""
        return next((c for c in self.choices if c.scheme == scheme), None)

    def kept(self) -> tuple[Choice, ...]:
        """The choices that the runtime takes and that keep the user's bounds."""
        return tuple(c for c in self.choices if c.runs and not c.over)


def compression_table(
    graph: Graph,
    target: Target,
    *,
    schemes: Sequence[Scheme] = SCHEMES,
    errors: Mapping[str, Errors] | None = None,
    error_why: str = "",
    keep: Collection[str] = (),
    bounds: Bounds | None = None,
    name: str = "",
    file_bytes: int | None = None,
    free: Sequence[str] = (),
    missing: Sequence[str] = (),
) -> Compression:
    """Plan a graph, ONNX or in the dialect of the target's backend, by every scheme.

    `errors` are those of the weights by the scheme's name, `error_why` says why there are none; `keep` names layers, by
    their weight or their op, that stay as they are. Raises `LayerError` where the model has no such layer. The rest is
    as for `analyze_graph`.
    """
    target = replace(target, assume="")
    bounds = bounds or Bounds()
    plan = analyze_graph(graph, target, name=name, file_bytes=file_bytes, free=free, missing=missing)
    maker = _Maker(graph, target, plan, errors or {}, keep, bounds)
    if not maker.layers:
        why, found = _no_floats(graph), tuple(dominance_findings(maker.before))
        return Compression(plan.model, summarize_target(target), plan, (), None, why, Gain.NONE, (), bounds, found)
    made = [maker.choice(offer) for offer in _offers(target, schemes, maker.floats)]
    choices = tuple(m.choice for m in made)
    at = next(i for i, c in enumerate(choices) if c.scheme == maker.floats)
    gain = gain_of(choices, choices[at])
    return Compression(
        plan.model,
        summarize_target(target),
        plan,
        choices,
        at,
        "",
        gain,
        picks_of(choices, choices[at]),
        bounds,
        (*dominance_findings(maker.before, _PAYS.get(gain, "fewer bits for them pay")), *_not_faster(made)),
        error_why,
    )


def _offers(target: Target, schemes: Sequence[Scheme], floats: str) -> tuple[Offer, ...]:
    """What the target offers of the schemes asked for, and of the floats that they are held against."""
    wanted = schemes if any(s.name == floats for s in schemes) else (parse_scheme(floats), *schemes)
    return offers(target.backend, target.release, target.units, wanted)


def _no_floats(graph: Graph) -> str:
    held = any(
        v.const and v.dtype is not None and not v.dtype.is_float and v.quantization for v in graph.values.values()
    )
    return "its weights are quantised already" if held else "it has no weights of floats to compress"


@dataclass(frozen=True, slots=True)
class _Made:
    choice: Choice
    case: Case | None = None
    hindrance: Hindrance | None = None


class _Maker:
    """Makes a choice of an offer. `floats` is the scheme that names what the lowered graph holds its weights in."""

    def __init__(
        self,
        graph: Graph,
        target: Target,
        plan: Plan,
        errors: Mapping[str, Errors],
        keep: Collection[str],
        bounds: Bounds,
    ) -> None:
        self.source = graph
        self.source_ops = {op.name: (owner, op) for owner, op in graph.walk()}
        self.target = target
        self.errors = errors
        self.bounds = bounds
        self.lowered = lower_for(graph, target)
        self.layers = layers_of(self.lowered)
        self.kept = dict.fromkeys(_kept(self.layers, keep), "kept as asked")
        self.computed, self.inside = left_in_onnx(graph, self.lowered, self.layers)
        self.floats = _held_in(self.lowered, self.layers)
        self.before = self._case(self.lowered, target, plan.memory)

    def choice(self, offer: Offer) -> _Made:
        """The choice of an offer; of one that the runtime does not take, or is not known to take, the reason alone.

        What the runtime holds the weights in anyway it takes, whatever the rows say.
        """
        scheme = offer.scheme
        if scheme.name == self.floats:
            offer = replace(offer, verdict="takes")
        elif offer.verdict in ("cannot", "unknown"):
            return _Made(Choice(scheme.name, offer.verdict, offer.why, offer.evidence))
        taken, skipped = self._split(offer)
        if not taken:
            why = f"it applies to no layer: {skipped[0].reason if skipped else 'none is large enough'}"
            return _Made(Choice(scheme.name, "cannot", why, offer.evidence, 0, skipped))
        case = self._compressed(scheme, offer, taken)
        time = timed(scheme, self.before, case)
        choice = Choice(
            scheme.name,
            offer.verdict,
            offer.why,
            offer.evidence,
            len(taken),
            skipped,
            download_size(self.lowered, case.target, scheme, taken, case.memory),
            case.memory.peak,
            _of_weights(case.memory.terms),
            unit_shares(case.placement, case.work, case.target),
            time.total,
            time.why,
            time.times,
            self._error(scheme, taken),
        )
        choice = replace(choice, over=self.bounds.broken_by(choice))
        return _Made(choice, case, time.hindrance)

    def _split(self, offer: Offer) -> tuple[tuple[Layer, ...], tuple[Skip, ...]]:
        """The layers that a scheme is applied to, and those it leaves: by the tool's rules, and as a user asked."""
        if offer.scheme.name == self.floats:
            return self.layers, ()
        left = {} if offer.scheme.form == "float" else dict(self.computed)
        left |= self.inside if offer.scheme.activations else {}
        left |= self.kept
        taken, skipped = split([layer for layer in self.layers if layer.weight not in left], offer.scheme, offer)
        return taken, (*skipped, *(Skip(s, left[s.weight]) for s in self.layers if s.weight in left))

    def _compressed(self, scheme: Scheme, offer: Offer, taken: Sequence[Layer]) -> Case:
        """The case of the model with a scheme applied to some layers, on the units that run it so."""
        if scheme.name == self.floats:
            return self.before
        target = self.target
        units = tuple(u for u in target.units if not offer.units or u.name in offer.units)
        if units and units != target.units:
            target = replace(target, units=units)
        if scheme.form == "float" and not scheme.sparsity:
            target = replace(target, assume=scheme.name)
            return self._case(lower_for(self.source, target), target)
        takes = {layer.weight for layer in taken}
        return self._case(as_compressed(self.lowered, target, scheme, takes=takes), target)

    def _case(self, lowered: Graph, target: Target, memory: MemoryPlan | None = None) -> Case:
        """What a diagnosis rests on, of a lowered graph; `memory` is its plan where that is known."""
        placement = place(lowered, target)
        work = tuple(work_of(lowered, op) for op in lowered.ops)
        if memory is None:
            memory = plan_memory(Deployment(lowered, target, placement.units, placement.segments))
        latency = latency_of(lowered, target, placement, work)
        return Case(self.source, lowered, target, placement, work, memory, latency, (), (), None, None)

    def _error(self, scheme: Scheme, taken: Iterable[Layer]) -> Errors | None:
        found = self.errors.get(scheme.name)
        if found is None:
            return None
        return found.among({name for layer in taken for name in (layer.weight, *self._in_the_file(layer))})

    def _in_the_file(self, layer: Layer) -> Iterator[str]:
        """The constants of the source behind a layer: what its ops read, or what that is computed from."""
        waiting = [at for name in layer.sources if (at := self.source_ops.get(name)) is not None]
        while waiting:
            graph, op = waiting.pop()
            for name in op.inputs:
                if name in graph.producer and graph.values[name].const:
                    waiting.append((graph, graph.ops[graph.producer[name]]))
                elif graph.values[name].const:
                    yield name


def _kept(layers: Sequence[Layer], keep: Collection[str]) -> frozenset[str]:
    """The weights of the layers named, each by its weight, its op or an op of the source."""
    found: set[str] = set()
    for name in keep:
        named = [layer.weight for layer in layers if name in (layer.weight, layer.op, *layer.sources)]
        if not named:
            raise LayerError(f"no layer {name!r} with weights to compress")
        found.update(named)
    return frozenset(found)


def _held_in(lowered: Graph, layers: Sequence[Layer]) -> str:
    """The scheme that names the floats most of the weights are held in."""
    dtypes = {n: graph.values[n].dtype for graph, op in lowered.walk() for n in op.inputs}
    sizes: dict[str, int] = {}
    for layer in layers:
        name = _FLOATS.get(dtypes[layer.weight] or DType.FLOAT32)
        if name is not None:
            sizes[name] = sizes.get(name, 0) + layer.elements
    return max(sizes, key=lambda n: sizes[n], default="fp32")


def _of_weights(terms: Iterable[Term]) -> Range:
    """What the weights hold once the model is loaded, in the app or in buffers of a driver."""
    held = (t.size for t in terms if t.phase == "always" and t.holder in ("app", "driver") and "weights" in t.name)
    return sum(held, start=Range())


def _not_faster(made: Sequence[_Made]) -> Iterator[Finding]:
    """The schemes that something keeps from being faster, those of one reason together."""
    groups: dict[str, list[_Made]] = {}
    for one in made:
        if one.hindrance is not None and one.choice.scheme not in _FLOATS.values():
            groups.setdefault(one.hindrance.why, []).append(one)
    for together in groups.values():
        first = together[0]
        assert first.case is not None
        assert first.hindrance is not None
        yield not_faster(first.case, [m.choice.scheme for m in together], first.hindrance)
