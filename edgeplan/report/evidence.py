"""A source as one line of a report."""

from __future__ import annotations

from edgeplan.finding import Evidence

__all__ = ["source_line"]


def source_line(evidence: Evidence) -> str:
    """`xnnpack-readme (vendor-doc): multi-threaded, 'Pixel 3a, ms' <https://...>`; a source may have no address."""
    url = f" <{evidence.url}>" if evidence.url else ""
    return f"{evidence.key} ({evidence.kind}): {evidence.words}{url}"
