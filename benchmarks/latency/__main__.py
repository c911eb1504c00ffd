"""Fits the speeds to the measured tables, tells how well they hold on networks they did not see, writes both down.

    python -m benchmarks.latency --models FOLDER... [--only SET...] [--write] [-o docs/latency.md]

`--write` replaces the fitted files under `rules/<backend>/latency`; `-o` writes the page with its plot beside it. The
measured figures are kept (`measured/*.csv`); only the networks are needed, by their file names.
"""

from __future__ import annotations

import argparse
import pkgutil
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from benchmarks.latency import tables
from benchmarks.latency.dress import with_published_ranges
from benchmarks.latency.page import page
from benchmarks.latency.plot import plot
from benchmarks.latency.runs import Loaded, load_run
from benchmarks.latency.validation import Held, cross_validate, score
from benchmarks.latency.write import speeds_toml
from edgeplan.capability.rows import rules_dir

SETS = tuple(m.name for m in pkgutil.iter_modules(tables.__path__) if not m.name.startswith("_"))


def main() -> None:
    """Fit, validate, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.latency",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="folders of networks")
    parser.add_argument("--only", nargs="+", choices=SETS, default=SETS, metavar="SET", help=f"of {', '.join(SETS)}")
    parser.add_argument("--write", action="store_true", help="write the fitted figures into rules/")
    parser.add_argument("-o", "--output", type=Path, help="write the page there, and its plot")
    given = parser.parse_args()
    found: list[tuple[ModuleType, list[Held]]] = []
    for name in given.only:
        module = import_module(f"{tables.__name__}.{name}")
        loaded = load(module, given.models)
        if not loaded:
            print(f"{name}: none of its networks is there", file=sys.stderr)
            continue
        held = cross_validate(loaded, module.train)
        if getattr(module, "PUBLISHED", False):
            held = with_published_ranges(held)
        s = score(held)
        print(
            f"{name:<24} error {s.error:6.1%}  rank {s.rank:.3f}  covered {s.covered:4.0%}  ordered {s.ordered:6.1%}"
            f"  {s.runs} runs of {s.models} networks",
            flush=True,
        )
        found.append((module, held))
        if given.write and module.OUT:
            speeds, chips = module.dress(module.train(loaded), held)
            backend, _, file = module.OUT.partition("/")
            target = rules_dir() / backend / "latency" / f"{file}.toml"
            target.parent.mkdir(exist_ok=True)
            command = f"python -m benchmarks.latency --only {name} --write"
            target.write_text(speeds_toml(module.TITLE, command, speeds, chips), "utf-8")
    if given.output:
        drawing = given.output.with_suffix(".svg")
        given.output.write_text(page(found, drawing.name), "utf-8")
        drawing.write_text(plot([(module.TITLE, held) for module, held in found]), "utf-8")


def load(module: ModuleType, folders: Sequence[Path]) -> list[Loaded]:
    """The runs of a table whose networks are there and land where they were measured; the others are told."""
    speeds = module.speeds()
    found: list[Loaded] = []
    left: dict[str, list[str]] = {}
    for run in module.runs():
        loaded = load_run(run, folders, speeds)
        if isinstance(loaded, str):
            left.setdefault(loaded, []).append(run.file)
        else:
            found.append(loaded)
    for reason, files in left.items():
        names = list(dict.fromkeys(files))
        print(
            f"  left out, {reason}: {len(files)} runs ({', '.join(names[:4])}{', ...' * (len(names) > 4)})",
            file=sys.stderr,
        )
    return found


if __name__ == "__main__":
    main()
