"""Lets a library wait that another one imports, and that this program hardly ever uses, until somebody does use it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

__all__ = ["import_later"]


@cache
def import_later(*names: str) -> None:
    """Run modules of these names, imported from now on, only when one of their attributes is looked up.

    For a program's own process, not for a library: it changes what `import` does.
    """
    sys.meta_path.insert(0, _Later(names))


class _Later(MetaPathFinder):
    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The usual spec of one of the names, its loader a lazy one."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in self.names else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec
