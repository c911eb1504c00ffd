"""The multiples that widths are brought to, as a table with its sources: what `rules/<backend>/widths.toml` say."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.capability.rows import Backend, backend_names, load_backend
from edgeplan.pruning.widths import Width, load_widths

__all__ = ["widths_table"]


def widths_table() -> str:
    """All rows of all backends, in Markdown; of several that speak of one unit the first counts."""
    lines = ["| runtime | unit | computed in | multiple | why | source |", "|---|---|---|--:|---|---|"]
    lines += [line for name in backend_names() for line in _lines(load_backend(name), load_widths(name))]
    return "\n".join(lines)


def _lines(backend: Backend, rows: tuple[Width, ...]) -> Iterator[str]:
    for row in rows:
        units = ", ".join(backend.units[u].title for u in row.unit)
        precisions = "anything" if "*" in row.precision else ", ".join(row.precision)
        said = "; ".join(f"[{e.key}]({e.url}) ({e.kind})" for e in backend.evidence(row.source))
        yield f"| {backend.title} | {units} | {precisions} | {row.multiple} | {row.why} | {said} |"
