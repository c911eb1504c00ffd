"""The page of each finding code, kept as Markdown under `docs/findings`."""

from __future__ import annotations

from pathlib import Path

from edgeplan.shipped import shipped

__all__ = ["finding_page", "findings_dir"]


def findings_dir() -> Path:
    """The folder of the pages: inside the installed package, or under `docs` in a source checkout."""
    return shipped("_findings", "docs/findings")


def finding_page(code: str) -> str:
    """The Markdown page of a code such as `EP101`."""
    return (findings_dir() / f"{code}.md").read_text("utf-8")
