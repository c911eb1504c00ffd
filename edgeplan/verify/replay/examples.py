"""Asks a referee about the examples of rows: each a file that its compiler reads, or a reason why it is no question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from edgeplan.capability.match import applies
from edgeplan.capability.rows import Row
from edgeplan.frontends.errors import ModelError
from edgeplan.graph import Graph, Op
from edgeplan.place.lowered import lower_for
from edgeplan.place.support import facts_of
from edgeplan.target import Target
from edgeplan.verify.answer import Answer, Status
from edgeplan.verify.compare import compare
from edgeplan.verify.prepare import prepare
from edgeplan.verify.process import Limits, Question, ask
from edgeplan.verify.referees import Referee
from edgeplan.verify.replay.judge import rows_of, silence
from edgeplan.verify.replay.outcome import Heard
from edgeplan.verify.stand_in import StandIn
from edgeplan.verify.tflite.fields import NotWritableError
from edgeplan.verify.tflite.writer import write_tflite
from edgeplan.verify.vulkan import vulkan_environment

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

__all__ = ["Example", "NotInstalledError", "ask_examples", "example_file", "onnx_model"]


class NotInstalledError(Exception):
    """The referee's packages are not there; the message says which."""


@dataclass(frozen=True, slots=True)
class Example:
    """An example as a file. `graph` is what the file holds, `lowered` what edgeplan makes of it for the target."""

    path: Path
    graph: Graph
    lowered: Graph


def ask_examples(
    texts: Sequence[str],
    referee: Referee,
    where: StandIn,
    *,
    python: Path | None = None,
    jobs: int = 1,
    limits: Limits | None = None,
    tell: Callable[[int, str, Answer | None], None] | None = None,
) -> dict[str, Heard | str]:
    """What the compiler says of each text, or why it is no question; `jobs` are asked at a time.

    `tell` is called with the count so far, the text and the answer, in their order. Raises `NotInstalledError`.
    """
    found: dict[str, Heard | str] = {}
    environment = vulkan_environment() if referee.needs == "vulkan" else {}
    if isinstance(environment, str):
        raise NotInstalledError(environment)

    def one(text: str) -> Heard | str:
        return _hear(text, referee, where, python, environment, limits or Limits(referee.seconds))

    with ThreadPoolExecutor(jobs) as pool:
        for text, heard in zip(texts, pool.map(one, texts), strict=True):
            found[text] = heard
            if tell is not None:
                tell(len(found), text, None if isinstance(heard, str) else heard.agreement.answer)
    return found


def _hear(
    text: str, referee: Referee, where: StandIn, python: Path | None, environment: Mapping[str, str], limits: Limits
) -> Heard | str:
    with TemporaryDirectory(prefix="edgeplan-") as folder:
        example = example_file(text, referee, where.target, Path(folder), python)
        if isinstance(example, str):
            return example
        question = Question(
            referee.name,
            referee.program,
            example.path,
            where.chip,
            {"inputs": {}, "run": _to_run(example.lowered, where.target)},
            python,
            environment,
        )
        answer = ask(question, limits)
    if answer.status is Status.MISSING:
        raise NotInstalledError(answer.words)
    return Heard(example.lowered, compare(example.graph, where, answer, referee))


def _to_run(lowered: Graph, target: Target) -> bool:
    """Whether the last unit refuses an op by the rows: kernels may refuse no sooner than they compute."""
    last = target.units[-1].name
    rows = (r for r in rows_of(target) if r.verdict == "refuses" and last in r.unit and not silence(r, target))
    return any(_speaks(r, lowered) for r in rows)


def example_file(
    text: str, referee: Referee, target: Target, folder: Path, python: Path | None = None
) -> Example | str:
    """Write an example into a folder for a referee, or say why it is no question for it.

    A .tflite file holds the ops that edgeplan lowers the text to, not the text's own.
    """
    try:
        model = onnx_model(text)
    except (ModelError, ValueError) as e:
        return f"not a valid model: {_line(e)}"
    if referee.takes == "onnx" and (complaint := _complaint(model)):
        return f"not a valid model: {complaint}"
    source = folder / "example.onnx"
    source.write_bytes(model.SerializeToString())
    try:
        prepared = prepare(source, folder)
    except ModelError as e:
        return f"not a valid model: {_line(e)}"
    lowered = lower_for(prepared.graph, target)
    if referee.takes == "onnx":
        return Example(prepared.path, prepared.graph, lowered)
    shown = [r for r in rows_of(target) if text in r.hits]
    path = folder / "example.tflite"
    found = _tflite(lowered, target, path, python)
    if isinstance(found, Example) and any(_speaks(r, lowered) and not _speaks(r, found.lowered) for r in shown):
        return _tflite(lowered, target, path, python, scaled=False)  # the row is about a tensor without scales
    return found


def _speaks(row: Row, lowered: Graph) -> bool:
    return any(applies(row, facts_of(graph, op)) is True for graph, op in lowered.walk())


def _tflite(lowered: Graph, target: Target, path: Path, python: Path | None, *, scaled: bool = True) -> Example | str:
    from edgeplan.frontends.tflite import load_tflite

    foreign = next((op for op in lowered.ops if op.domain not in ("", "custom")), None)
    if foreign is not None:
        return f"{_plain(foreign)} is no op of a .tflite file, so there is nothing to ask about"
    try:
        answer = write_tflite(lowered, path, python, scaled=scaled)
    except NotWritableError as e:
        return f"has no .tflite file: {e}"
    if answer.status is Status.MISSING:
        raise NotInstalledError(answer.words)
    if answer.status is not Status.COMPILED:
        return f"has no .tflite file: {answer.words}"
    try:
        graph = load_tflite(path).graph
    except ModelError as e:
        return f"not a valid model: {_line(e)}"
    return Example(path, graph, lower_for(graph, target))


def onnx_model(text: str) -> ModelProto:
    """The model of an example's text, its domains imported and its results typed. Raises `ValueError`."""
    from onnx import parser, shape_inference

    from edgeplan.frontends.onnx import parse_model

    try:
        model = parse_model(text)
    except parser.ParseError as e:
        raise ValueError(_line(e)) from None
    known = {o.domain for o in model.opset_import}
    for domain in dict.fromkeys(n.domain for n in _nodes(model.graph) if n.domain not in known):
        model.opset_import.add(domain=domain, version=1)
    try:
        model = shape_inference.infer_shapes(model)
    except shape_inference.InferenceError as e:
        raise ValueError(_line(e)) from None
    _type_results(model)
    return model


def _nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """The nodes of a graph and of the bodies in it."""
    from edgeplan.frontends.onnx.read import subgraphs

    for node in graph.node:
        yield node
        for _, inner in subgraphs(node):
            yield from _nodes(inner)


def _complaint(model: ModelProto) -> str:
    """What ONNX's own checker has against a model, empty when nothing.

    A model with an op of no known schema is not checked, for rows speak of such ops; a result of which nothing is known
    is no complaint.
    """
    from onnx import checker, defs, shape_inference

    if not all(defs.has(n.op_type, n.domain) for n in _nodes(model.graph)):
        return ""
    try:
        checker.check_model(model)
    except checker.ValidationError as e:
        words = _line(e)
        if "No Op registered for" in words or "'shape' of 'type' is required" in words:
            return ""
        if "Unrecognized type value case" not in words:
            return words
        try:
            shape_inference.infer_shapes(model, strict_mode=True)
        except shape_inference.InferenceError as strict:
            return _line(strict)
    return ""


def _type_results(model: ModelProto) -> None:
    """Give results the types that edgeplan infers where ONNX's own inference gave none."""
    from onnx import TensorProto

    from edgeplan.frontends.onnx import load_onnx

    if all(o.type.WhichOneof("value") for o in model.graph.output):
        return
    values = load_onnx(model).graph.values
    for out in model.graph.output:
        known = values.get(out.name)
        if out.type.WhichOneof("value") or known is None or known.dtype is None:
            continue
        kind = TensorProto.DataType.Value(_NAMES.get(known.dtype.label, known.dtype.label.upper()))
        out.type.tensor_type.elem_type = kind
        if known.shape is None:
            continue
        shape = out.type.tensor_type.shape
        for size in known.shape:
            axis = shape.dim.add()
            if isinstance(size, int):
                axis.dim_value = size
            elif size:
                axis.dim_param = size


_NAMES = {"float32": "FLOAT", "float64": "DOUBLE", "float8": "FLOAT8E4M3FN", "float4": "FLOAT4E2M1"}


def _plain(op: Op) -> str:
    return op.label.removeprefix("onnx.")


def _line(e: Exception) -> str:
    said = e.args[0] if e.args else ""
    return " ".join((said.decode(errors="replace") if isinstance(said, bytes) else str(e)).split())[:200]
