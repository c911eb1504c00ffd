"""The one error a frontend raises: a model that cannot be read, said in one line."""

from __future__ import annotations

__all__ = ["ModelError"]


class ModelError(Exception):
    """The file is not a model edgeplan can analyse. The message is one line, fit to be shown as it is."""
