from __future__ import annotations

import sys

import pytest

from edgeplan.memory import exact
from edgeplan.memory.arena import arrange, pack
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.packing import Packing, packing
from edgeplan.memory.pool import Pool

LOOSE = (Buffer("a", 0, 1, 64), Buffer("b", 0, 0, 128), Buffer("c", 1, 2, 128), Buffer("d", 2, 2, 64))


def loose() -> Pool:
    """An arena with a gap that nothing fits into: `c` cannot go under `a`, which stands on `b`."""
    return Pool("arena", arrange(LOOSE, [3, 1, 0, 2], 3, "as it comes"))


def test_an_arena_as_small_as_what_is_alive_is_left_alone() -> None:
    full = Pool("arena", pack(LOOSE, 3))
    assert full.arena.size == full.arena.bound
    assert packing([full], 3) == Packing(192, 192, 192)


def test_a_loose_arena_is_packed_and_proven() -> None:
    pool, full = loose(), Pool("arena", pack(LOOSE, 3))
    assert pool.arena.size > pool.arena.bound
    assert packing([full, pool], 3) == Packing(192 + pool.arena.size, 192 + 192, 192 + 192)


def test_without_a_solver_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = loose()
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    monkeypatch.setattr(exact, "pack", lambda buffers, steps: pool.arena)
    assert packing([pool], 3) == Packing(
        pool.arena.size, pool.arena.size, 192, "the package ortools is missing: install edgeplan[exact]"
    )
