from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from types import ModuleType

import pytest

import edgeplan

MODULES = sorted(
    m.name
    for m in pkgutil.walk_packages(edgeplan.__path__, "edgeplan.")
    if m.name != "edgeplan.__main__" and not any(part.startswith("_") for part in m.name.split("."))
)


def test_every_public_name_resolves() -> None:
    for name in edgeplan.__all__:
        assert getattr(edgeplan, name).__doc__
    assert set(edgeplan.__all__) <= set(dir(edgeplan))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = edgeplan.nothing


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_and_what_it_offers(name: str) -> None:
    module = import_module(name)
    first = (module.__doc__ or "").strip()
    assert first.endswith((".", ")")), "no docstring, or it is no sentence"
    if not hasattr(module, "__path__") or _defines_something(module):
        assert len(set(module.__all__)) == len(module.__all__)


def _defines_something(module: ModuleType) -> bool:
    return any(getattr(v, "__module__", None) == module.__name__ for v in vars(module).values() if callable(v))


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_offers_has_a_docstring(name: str) -> None:
    module = import_module(name)
    for public in getattr(module, "__all__", ()):
        offered = getattr(module, public)
        if inspect.isclass(offered) or inspect.isfunction(offered):
            doc = (inspect.getdoc(offered) or "").strip()
            assert doc, f"{public} has no docstring"
            assert not doc.startswith(f"{public}("), f"{public} has only the signature that dataclass wrote"
