"""Puts sets of small models to a compiler, as `edgeplan verify` puts whole ones, and records what it says.

    python -m benchmarks.agreement.ask REFEREE SET ... [--chip CHIP] [--python PYTHON] [-o RECORD]

REFEREE is `tensorrt-rtx`, `qnn-htp`, `litert-cpu` or `litert-gpu`. SET is `nodes`, `retyped`, `probes`,
`random:SEED:COUNT`, `old:SEED:COUNT` (models of ONNX, which this Python's onnx package makes), or a folder, a zip or a
file of models. PYTHON is the one that has the compiler's package. A record of TensorRT-RTX is one object, written at
the end; the others' have a line a model, and models that stand in it already are not asked again.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx

from benchmarks.agreement import ask_litert, ask_qnn, ask_tensorrt, tensorrt_models, tensorrt_probes, tensorrt_random
from benchmarks.agreement.tensorrt_models import Question as Drawn
from edgeplan.verify.answer import Answer, Status
from edgeplan.verify.process import Limits, Question, ask
from edgeplan.verify.referees import Referee, load_referee
from edgeplan.verify.vulkan import vulkan_environment

__all__ = ["answers", "files", "named"]

CHIPS = {"tensorrt-rtx": "SM86", "qnn-htp": "57", "litert-cpu": "", "litert-gpu": ""}
"""The referees, and the chip that each is asked about unless told otherwise."""
SECONDS = 120.0
"""After which a small model counts as crashed; LiteRT is given as long as a whole model."""
VALUES = 64
"""The most values an input can have that are sizes."""

Asked = tuple[str, Path, Mapping[str, Any]]
"""A model's name, its file and the options of the asking program."""


def drawn(which: str) -> Iterator[Drawn] | None:
    """The models of a set that is made and not read; None where it is no such set."""
    kind, *numbers = which.split(":")
    if kind in ("random", "old"):
        draw = tensorrt_random.models if kind == "random" else tensorrt_random.old_models
        return draw(int(numbers[0]), int(numbers[1]))
    if kind == "probes":
        return (Drawn(name, model) for name, model in tensorrt_probes.models())
    return {"nodes": tensorrt_models.node_tests, "retyped": tensorrt_models.retyped}.get(kind, lambda: None)()


def stored(which: Path, suffix: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """The models of a folder, a zip or a single file, with their names in it."""
    if which.suffix == ".zip":
        with zipfile.ZipFile(which) as z:
            for name in sorted(n for n in z.namelist() if n.endswith(suffix)):
                path = folder / f"unpacked{suffix}"
                path.write_bytes(z.read(name))
                yield name, path
    elif which.is_file():
        yield which.name, which
    elif not which.is_dir():
        sys.exit(f"{which}: no set, folder or file of that name")
    else:
        yield from ((str(path.relative_to(which)), path) for path in sorted(which.rglob(f"*{suffix}")))


def named(graph: onnx.GraphProto) -> None:
    """Give every node without a name the one that TensorRT would, so that an answer can speak of it."""
    for node in graph.node:
        node.name = node.name or f"node_of_{next((o for o in node.output if o), '')}"
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs):
                named(body)


def profile(model: Drawn) -> dict[str, Any]:
    """The shapes of the inputs, and their values where these may be sizes, by name. A free size of no value is 1."""
    found: dict[str, Any] = {}
    for value in model.model.graph.input:
        fed = model.feeds.get(value.name)
        if fed is None:
            found[value.name] = {"shape": [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]}
        else:
            sizes = fed.flatten().tolist() if fed.dtype.kind in "iub" and fed.size <= VALUES else []
            found[value.name] = {"shape": list(fed.shape), "values": sizes}
    return found


def files(which: str, referee: Referee, folder: Path, known: Iterable[str] = ()) -> Iterator[Asked]:
    """The models of a set as files that live until the next one is taken; those that are known are left out."""
    made = drawn(which) if referee.takes == "onnx" else None
    if made is None:
        found = (f for f in stored(Path(which), f".{referee.takes}", folder) if f[0] not in known)
        if referee.takes != "onnx":
            yield from ((name, path, {}) for name, path in found)
            return
        made = _read(found)
    for model in made:
        if model.name not in known:
            copy, path = onnx.ModelProto(), folder / "model.onnx"
            copy.CopyFrom(model.model)
            named(copy.graph)
            path.write_bytes(copy.SerializeToString())
            yield model.name, path, {"profile": profile(model)}


def _read(found: Iterable[tuple[str, Path]]) -> Iterator[Drawn]:
    for name, path in found:
        try:
            yield Drawn(name, onnx.load(path))
        except (OSError, ValueError, onnx.checker.ValidationError) as error:  # weights that are not there
            print(f"{path}: {error}", file=sys.stderr)


def answers(
    referee: Referee, sets: Iterable[str], chip: str, python: Path | None, known: Iterable[str] = ()
) -> Iterator[tuple[str, Answer]]:
    """Each model of the sets with what the compiler said of it. Ends the program when the compiler is not there."""
    environment = vulkan_environment() if referee.needs == "vulkan" else {}
    if isinstance(environment, str):
        sys.exit(environment)
    limits = Limits(SECONDS if referee.takes == "onnx" else referee.seconds)
    with TemporaryDirectory() as folder:
        for which in sets:
            for name, path, options in files(which, referee, Path(folder), known):
                question = Question(referee.name, referee.program, path, chip, options, python, environment)
                answer = ask(question, limits)
                if answer.status is Status.MISSING:
                    sys.exit(answer.words)
                yield name, answer


def main() -> None:
    """Ask, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("referee", metavar="REFEREE", choices=CHIPS)
    parser.add_argument("sets", metavar="SET", nargs="+")
    parser.add_argument("--chip", help="the chip as the compiler calls it: SM86, or a soc_model of QNN")
    parser.add_argument("--python", type=Path, help="the Python with the compiler's package; this one without it")
    parser.add_argument("-o", "--output", type=Path, help="the record; standard output without it")
    given = parser.parse_args()
    referee, chip, output = load_referee(given.referee), given.chip or CHIPS[given.referee], given.output
    if referee.name == "tensorrt-rtx":
        title = " ".join(Path(which).name for which in given.sets)
        text = ask_tensorrt.record(title, chip, answers(referee, given.sets, chip, given.python))
        output.write_text(text + "\n", "utf-8") if output else print(text)
        return
    known: set[str] = set()
    if output and output.exists():
        lines = map(json.loads, output.read_text("utf-8").splitlines())
        known = {line.get("model") or line["file"] for line in lines}
    with output.open("a", encoding="utf-8") if output else sys.stdout as to:
        for name, answer in answers(referee, given.sets, chip, given.python, known):
            line = (
                ask_qnn.line(name, chip, answer)
                if referee.name == "qnn-htp"
                else ask_litert.line(name, referee.unit, answer)
            )
            print(json.dumps(line), file=to, flush=True)


if __name__ == "__main__":
    main()
