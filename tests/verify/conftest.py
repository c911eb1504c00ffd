"""Answers made up, so that a test of the comparison needs no compiler."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.verify.answer import Answer, Fact, NodeSaid, Said, Status
from edgeplan.verify.referees import Known, Referee

Answers = Callable[..., Answer]
Referees = Callable[..., Referee]


@pytest.fixture
def answers() -> Answers:
    """`answers(a="npu", b=("cpu", "why"))`: a compiler's answer about the ops of these names."""

    def make(
        *, status: Status = Status.COMPILED, words: str = "", parts: dict[str, int] | None = None,
        facts: tuple[Fact, ...] = (), **nodes: str | tuple[str, str],
    ) -> Answer:  # fmt: skip
        told = {n: (said, "") if isinstance(said, str) else said for n, said in nodes.items()}
        found = tuple(NodeSaid(name, "", unit, why) for name, (unit, why) in told.items())
        said = Said({"toyc": "1.0"}, status is Status.COMPILED, words, "", found, parts or {}, facts)
        return Answer("toy-compiler", "T1", status, said, words, 1.5, 2**20, "Linux")

    return make


@pytest.fixture
def referees() -> Referees:
    """A referee that decides about the NPU of the toy backend."""

    def make(*exceptions: Known, **more: object) -> Referee:
        given: dict[str, object] = {
            "title": "The toy compiler", "backend": "toy", "unit": "npu", "release": "3", "program": "toy",
            "takes": "onnx", "extra": "verify-toy", "packages": ("toyc==1.0",), "licence": "Toy licence",
            "proves": "That it compiles.", "cannot": "Anything else.", "exception": exceptions, "name": "toy-compiler",
        }  # fmt: skip
        return Referee(**(given | more))  # type: ignore[arg-type]

    return make
