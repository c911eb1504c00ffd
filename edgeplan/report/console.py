"""Rich text as a string: the terminal's width within bounds, colour only where it is wanted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from io import StringIO

from rich.console import Console, RenderableType

__all__ = ["printed"]

_NARROWEST, _WIDEST = 60, 120


def printed(parts: Iterable[RenderableType], *, color: bool = False, width: int | None = None) -> str:
    """The parts one below the other, without blanks at the ends of lines; without `width` it fits the terminal, or 100.

    Nothing is highlighted and no markup or emoji is read: names in a model are written by whoever made it.
    """
    columns = width or shutil.get_terminal_size((100, 24)).columns
    out = StringIO()
    console = Console(
        file=out,
        width=max(_NARROWEST, min(columns, _WIDEST)),
        force_terminal=color,
        no_color=not color or bool(os.environ.get("NO_COLOR")),
        highlight=False,
        emoji=False,
        markup=False,
    )
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))
