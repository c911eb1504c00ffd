"""The table of docs/compress.md: which schemes of compression each runtime takes, by its rows."""

from __future__ import annotations

from edgeplan.capability.rows import Backend, backend_names, load_backend
from edgeplan.compression.rows import load_compression
from edgeplan.lower.scheme import SCHEMES

__all__ = ["schemes_table"]

_OLDER = {"coreml": ("iOS 16", "iOS 17")}
"""Releases beside the newest whose runtimes take other schemes."""

_WORDS = {"takes": "yes", "degrades": "at a price", "cannot": "no", "unknown": "?"}


def schemes_table() -> str:
    """Markdown: the schemes, those of one answer together, by backend at its newest release and some before it."""
    backends = [load_backend(name) for name in backend_names()]
    columns = [(b, release) for b in backends for release in (*_OLDER.get(b.name, ()), b.releases[-1])]
    rows: dict[tuple[str, ...], list[str]] = {}
    for scheme in SCHEMES:
        cells = tuple(_answer(backend, release, scheme.name) for backend, release in columns)
        rows.setdefault(cells, []).append(f"`{scheme.name}`")
    heads = [f"{b.title}, {release}" if not release.startswith(b.title) else release for b, release in columns]
    lines = [f"| scheme | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    lines += [f"| {', '.join(names)} | {' | '.join(cells)} |" for cells, names in rows.items()]
    return "\n".join(lines)


def _answer(backend: Backend, release: str, scheme: str) -> str:
    """What the first row says that speaks of a scheme, whatever the chip."""
    rows = (r for r in load_compression(backend) if r.names_scheme(scheme))
    row = next((r for r in rows if backend.covers(r.since, r.until, release)), None)
    if row is None:
        return "?"
    by_chip = row.generation.min or row.generation.max or row.features or row.lacks
    return "by chip" if by_chip else _WORDS[row.verdict]
