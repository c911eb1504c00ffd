"""Finds a Vulkan driver for compilers that are asked about a GPU: SwiftShader, which needs no graphics card, or any."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["INSTALL", "vulkan_environment"]

INSTALL = "apt-get install libvulkan1 chromium-common"
"""The command that puts both parts in place on Debian and Ubuntu: the loader, and SwiftShader as Chromium brings it."""

_LOADER, _DRIVER = "libvulkan.so.1", "vk_swiftshader_icd.json"
_LOADERS = ("/usr/lib/*-linux-gnu*", "/usr/lib64", "/usr/lib", "/usr/local/lib")
_DRIVERS = ("/usr/lib/chromium", "/usr/lib/chromium-browser", "/usr/lib64/chromium-browser", "/opt/google/chrome")
_OTHERS = ("/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d")
"""Where the loader itself looks for drivers."""


def vulkan_environment(environ: Mapping[str, str] | None = None, root: Path = Path("/")) -> dict[str, str] | str:
    """The variables with which a process finds a driver, or in one line what is missing and what installs it.

    `VK_ICD_FILENAMES` or `VK_DRIVER_FILES` in the environment are left as they are. Else the folder that
    `EDGEPLAN_SWIFTSHADER` names is searched with all below it, then the places where browsers bring SwiftShader along.
    Without it the loader is left to choose among the system's drivers.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("EDGEPLAN_SWIFTSHADER")
    own = sorted(Path(named).rglob("*")) if named else []
    found = {}
    if not (environ.get("VK_ICD_FILENAMES") or environ.get("VK_DRIVER_FILES")):
        driver = _first(own, _DRIVER) or _first(_listed(root, _DRIVERS), _DRIVER)
        if driver is not None:
            found["VK_ICD_FILENAMES"] = str(driver)
            own = own or sorted(driver.parent.iterdir())
        elif named or not any(p.suffix == ".json" for p in _listed(root, _OTHERS)):
            where = f"EDGEPLAN_SWIFTSHADER={named} holds no {_DRIVER}" if named else "there is no Vulkan driver"
            return f"{where}: {INSTALL}, or EDGEPLAN_SWIFTSHADER=FOLDER"
    beside = _first(own, _LOADER)
    if beside is not None:
        before = environ.get("LD_LIBRARY_PATH")
        found["LD_LIBRARY_PATH"] = str(beside.parent) + (f":{before}" if before else "")
    elif _first(_listed(root, (*environ.get("LD_LIBRARY_PATH", "").split(":"), *_LOADERS)), _LOADER) is None:
        return f"there is no Vulkan loader ({_LOADER}): {INSTALL}, or EDGEPLAN_SWIFTSHADER=FOLDER"
    return found


def _listed(root: Path, folders: Iterable[str]) -> Iterable[Path]:
    for folder in folders:
        for path in sorted(root.glob(folder.lstrip("/"))) if folder else ():
            if path.is_dir():
                yield from path.iterdir()


def _first(paths: Iterable[Path], name: str) -> Path | None:
    return next((p for p in paths if p.name == name and p.is_file()), None)
