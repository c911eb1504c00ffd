"""Why a way is not allowed: what one side cannot run, what may not be sent, what does not fit the device's memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.splitting.privacy import of_raw_input
from edgeplan.splitting.problem import crossing, made_here
from edgeplan.splitting.setting import Setting
from edgeplan.units import say_bytes

__all__ = ["memory_limit", "refused"]

Array = NDArray[Any]


def memory_limit(setting: Setting) -> int | None:
    """Bytes that the device's part may take: as asked, else what the device gives; None where neither is known.

    Going over a limit that is only assumed proves nothing; going over all of the memory there is does.
    """
    asked, budget = setting.question.memory, setting.device.target.budget
    if asked is not None or budget.given is not None:
        return asked if asked is not None else budget.given
    return budget.limit if budget.limit is not None and budget.kind != "assumed" else budget.ram


def refused(setting: Setting, ops: Array) -> str:
    """Why the ops of a mask [ops] may not be those on the device, or "" where they may."""
    return _sides(setting, ops) or _sending(setting, ops) or _memory(setting, ops)


def _sides(setting: Setting, ops: Array) -> str:
    for side, mine in ((setting.device, ops), (setting.cloud, ~ops)):
        for mask, words in ((side.refused, "has no unit for"), (side.unknown, "is not known to run")):
            names = setting.wiring.names(mine & mask)
            if names:
                more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
                return f"{side.target.title} {words} {names[0]!r}{more}"
    return ""


def _sending(setting: Setting, ops: Array) -> str:
    problem, question, wiring = setting.problem, setting.question, setting.wiring
    device = setting.whole(ops)
    if (~made_here(problem, device)[problem.tensor] & device[problem.reader]).any():
        return "the device would need what the cloud has made"
    stopped = np.flatnonzero(crossing(problem, device) & ~problem.sendable)
    if not len(stopped):
        return ""
    at = int(stopped[0])
    name = wiring.tensors[at]
    if setting.link.sent[at] < 0:
        return f"the size of {name!r} is not known before the model runs"
    if question.keep_raw_input and of_raw_input(wiring)[at]:
        return f"the raw input may not leave the device: {name!r}"
    if question.private_until:
        return f"nothing may leave the device before {question.private_until!r}: {name!r}"
    if question.min_depth:
        return f"nothing may leave the device before {question.min_depth:,} convolutions or products: {name!r}"
    return f"{name!r} is of a type that is not sent"


def _memory(setting: Setting, ops: Array) -> str:
    limit = memory_limit(setting)
    if limit is None:
        return ""
    need = setting.device.peak(ops)
    if need <= limit:
        return ""
    return f"it needs {say_bytes(need)} on the device, and {say_bytes(limit)} are there"
