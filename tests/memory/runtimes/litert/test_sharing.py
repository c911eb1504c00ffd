from __future__ import annotations

import pytest

from edgeplan.capability.rows import load_backend
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.figures import Figures, MemoryFigure
from edgeplan.memory.runtimes.litert.builtin import builtin_pools
from edgeplan.memory.runtimes.litert.sharing import Reuse, reuse_of


def chain() -> Graph:
    """An addition that may write over its input, and a view."""
    values = {n: Value(n, DType.FLOAT32, (64,)) for n in ("x", "a", "b", "v", "y")}
    values["w"] = Value("w", DType.FLOAT32, (64,), True)
    ops = (
        Op("a", "RELU", ("x",), ("x",), ("a",)),
        Op("b", "ADD", ("a", "w"), ("lhs", "rhs"), ("b",)),
        Op("v", "RESHAPE", ("b",), ("input",), ("v",)),
        Op("y", "NEG", ("v",), ("x",), ("y",)),
    )
    return Graph("g", "tflite", ops, values, ("x",), ("y",))


@pytest.mark.parametrize(("reuse", "placed"), [("none", "xabvy"), ("views", "xaby"), ("overwrites", "xay")])
def test_earlier_releases_share_less(reuse: Reuse, placed: str) -> None:
    (arena,) = builtin_pools(chain(), reuse=reuse)
    assert {b.value for b in arena.arena.buffers} == set(placed)


@pytest.mark.parametrize(
    ("release", "reuse"), [("TFLite 2.11", "none"), ("TFLite 2.12", "views"), ("LiteRT 2.3", "overwrites")]
)
def test_what_a_release_shares_is_said_by_the_figures(release: str, reuse: Reuse) -> None:
    since = {"arena-views": "TFLite 2.12", "arena-overwrites": "TFLite 2.14"}
    found = {name: (MemoryFigure(1, "1", "measured", "", {}, since=first),) for name, first in since.items()}
    assert reuse_of(Figures(load_backend("tflite"), release, found)) == reuse
