"""What a frontend raises: a model that cannot be read, a binding that does not fit it, each said in one line."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["BindingError", "ModelError", "unknown_name"]


class ModelError(Exception):
    """The file is not a model edgeplan can analyse. The message is one line, fit to be shown as it is."""


class BindingError(ValueError):
    """A binding that names no dimension or input of the model, or does not fit it; the message is one line."""


def unknown_name(what: str, name: str, known: Sequence[str]) -> str:
    """The message for a name that is none of the model's dimensions or inputs."""
    if not known:
        return f"the model has no free {what}, so {name!r} cannot be bound"
    return f"the model has no {what} {name!r}; it has {', '.join(repr(k) for k in known[:8])}"
