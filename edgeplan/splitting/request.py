"""How one request over a traced link ends: by the way it takes, by the device alone after a timeout, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from edgeplan.links.carrying import Carrying
from edgeplan.splitting.way import Way

__all__ = ["Answer", "Requests"]


@dataclass(frozen=True, slots=True)
class Answer:
    """When a request ended, in seconds after its start (infinity: lost), and whether the device had to run it."""

    seconds: float
    fell_back: bool = False


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests over a link, each as if it had device, link and cloud for itself.

    `timeout` seconds after it was sent, infinity for never, a request is given up: `fallback` runs it from the start.
    """

    link: Carrying
    ways: Sequence[Way]
    timeout: float
    fallback: Way | None

    def by(self, way: int, start: float) -> Answer | None:
        """How the request that starts then ends by a way; None where the trace does not tell."""
        chosen = self.ways[way]
        if not chosen.offloads:
            return Answer(chosen.device.likely)
        sent = start + chosen.device.likely
        known = self.link.known_until(sent)
        if sent >= known:
            return None
        done = self._answered(chosen, sent)
        given_up = sent + self.timeout
        if done <= min(given_up, known):
            return Answer(done - start)
        if given_up > known:
            return None
        if self.fallback is None:
            return Answer(inf)
        return Answer(given_up - start + self.fallback.device.likely, True)

    def best(self, start: float) -> tuple[int, Answer] | None:
        """The way by which the request that starts then ends first; None where one that is not told may end sooner."""
        answers = [self.by(way, start) for way in range(len(self.ways))]
        told = [(a.seconds, way, a) for way, a in enumerate(answers) if a is not None]
        if not told:
            return None
        seconds, way, answer = min(told, key=lambda t: t[:2])
        # what is not told ends after what is known of the link
        sure = len(told) == len(answers) or start + seconds <= self.link.known_until(start)
        return (way, answer) if sure else None

    def _answered(self, way: Way, sent: float) -> float:
        arrived = self.link.up_done(sent, 8 * way.up_bytes)
        if arrived == inf:
            return inf
        replied = arrived + self.link.at(sent).rtt + way.cloud.likely
        return self.link.down_done(replied, 8 * way.down_bytes)
