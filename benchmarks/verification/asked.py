"""One model put to one referee: the answer, kept in a file so that it can be compared again without asking again."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from edgeplan.frontends import dialect_of, load_model
from edgeplan.frontends.errors import BindingError, ModelError
from edgeplan.target import Target
from edgeplan.verify.agreement import Agreement
from edgeplan.verify.answer import Answer
from edgeplan.verify.hearing import Hearing, hold
from edgeplan.verify.prepare import prepare
from edgeplan.verify.referees import Referee
from edgeplan.verify.stand_in import StandIn, stand_in

__all__ = ["Asked", "asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A model's name with what came of it: an agreement, or why there is none."""

    model: str
    agreement: Agreement | None
    why: str = ""


@cache
def _bindings() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((Path(__file__).parent / "bindings.toml").read_text("utf-8"))


def asked(
    models: list[Path], target: Target, referee: Referee, answers: Path, python: Path | None, ask_again: bool
) -> Iterator[Asked]:
    """Every model with the kept answer, or a new one if `ask_again` and there is none; smallest models first."""
    where = stand_in(target, referee)
    if isinstance(where, str):
        raise ValueError(where)
    for path in sorted(models, key=lambda p: p.stat().st_size):
        if dialect_of(path) == "onnx" and referee.takes == "tflite":
            continue
        kept = answers / f"{path.stem}.json"
        bound = _bindings().get(path.stem if path.suffix == ".onnx" else path.name, {})
        given = (bound.get("dims"), bound.get("inputs"), bound.get("values"))
        try:
            loaded = load_model(path, *given)
        except (ModelError, BindingError) as e:
            yield Asked(path.stem, None, str(e))
            continue
        if loaded.missing:
            yield Asked(path.stem, None, "its weights are not there")
            continue
        if not kept.is_file() and ask_again:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(msgspec.json.encode(_ask(path, given, referee, where, python)))
        if kept.is_file():
            answer = msgspec.json.decode(kept.read_bytes(), type=Answer)
            yield Asked(path.stem, hold(loaded.graph, where, answer, referee))
        else:
            yield Asked(path.stem, None, "not asked")


def _ask(path: Path, given: tuple[Any, ...], referee: Referee, where: StandIn, python: Path | None) -> Answer:
    """A new answer. Raises `ValueError` when the referee cannot be asked."""
    with TemporaryDirectory(prefix="edgeplan-") as name:
        folder = Path(name)
        hearing = Hearing(prepare(path, folder, *given), folder, {"": python} if python else {}, None)
        found = hearing.hear(referee, where)
    if isinstance(found, str):
        raise ValueError(found)
    return found.answer
