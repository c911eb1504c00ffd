"""Keeps a dead link from costing a timeout on every request: after a failure it rests, and is probed meanwhile."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Literal

__all__ = ["Breaker", "State"]

State = Literal["closed", "open", "probing", "trial"]
"""closed: requests go over the link. open: none do. probing: a probe is under way. trial: one request may try."""


class Breaker:
    """Says whether the next request may use the link, and when to look whether it is back. Safe to share by threads.

    `failures` in a row open it for `rest` seconds, twice as long after each probe or trial that fails, `longest` at the
    most. A fifth of every rest is drawn by lot, lest all devices come back in the same instant.
    """

    def __init__(
        self,
        *,
        failures: int = 2,
        rest: float = 1.0,
        longest: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._limit, self._first, self._longest = failures, rest, longest
        self._clock, self._draw = clock, draw
        self._lock = threading.Lock()
        self._state: State = "closed"
        self._failed = 0
        self._rest = rest
        self._until = 0.0
        self.opened = 0
        """How often it has opened."""

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._state

    @property
    def rests(self) -> bool:
        """Whether no request may use the link now."""
        return self._state in ("open", "probing")

    def admits(self) -> bool:
        """Whether a request may use the link now. One that does must report `succeeded` or `failed`."""
        with self._lock:
            if self._state == "trial":
                self._state = "probing"  # the others wait for what becomes of this one
                return True
            return self._state == "closed"

    def due(self) -> bool:
        """Whether the caller should probe the link now. One that does must report `probed`."""
        with self._lock:
            if self._state != "open" or self._clock() < self._until:
                return False
            self._state = "probing"
            return True

    def probed(self, alive: bool) -> None:
        """What a probe has found: a link that answers gets one real request to prove itself."""
        with self._lock:
            if self._state != "probing":
                return
            if alive:
                self._state = "trial"
            else:
                self._open()

    def succeeded(self) -> None:
        """A request was answered over the link."""
        with self._lock:
            self._state, self._failed, self._rest = "closed", 0, self._first

    def failed(self, *, refused: bool = False) -> None:
        """A request was not answered over the link; `refused` says that the next would not be either."""
        with self._lock:
            self._failed += 1
            if self._state == "probing" or (self._state == "closed" and (refused or self._failed >= self._limit)):
                self._open()

    def _open(self) -> None:
        """Rest, and longer the next time."""
        self._state, self._failed = "open", 0
        self._until = self._clock() + self._rest * (0.8 + 0.2 * self._draw())
        self._rest = min(2 * self._rest, self._longest)
        self.opened += 1
