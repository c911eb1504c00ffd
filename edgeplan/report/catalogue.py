"""The rewrites as a list: name, title, and what each does to the numbers."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from edgeplan.report.console import printed
from edgeplan.report.rewrite_page import title_of
from edgeplan.surgery.rewrites import rewrites

__all__ = ["render_catalogue"]


def render_catalogue(*, color: bool = False, width: int | None = None) -> str:
    """All rewrites, in the order in which they have their turn."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for one in rewrites():
        table.add_row(Text(one.id, "bold"), Text(f"{title_of(one)} ({one.claim.risk})"))
    return printed([table], color=color, width=width)
