"""Where the data lie that come with the program: inside the installed package, or beside it in a source checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["shipped"]


def shipped(name: str, checkout: str) -> Path:
    """The folder `edgeplan/<name>` of a wheel, else `<checkout>` of the repository."""
    package = Path(__file__).resolve().parent
    folder = package / name
    return folder if folder.is_dir() else package.parent / checkout
