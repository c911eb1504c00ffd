"""What rewrites cure on real models: `python -m benchmarks.rewrite.cured MODELS... --kept FOLDER [-o PAGE]`.

MODELS are ONNX files or folders of them. Each one is rewritten for each of the targets in `benchmarks.rewrite.tried`,
every site proved; free dimensions are bound as `benchmarks/verification/bindings.toml` says. What comes of it is kept
in FOLDER, a file for each model and target, and not done again while it lies there. The named cases are written out
and held against the originals as well (`benchmarks.rewrite.named`), where their files are among MODELS.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.rewrite.cured_page import page
from benchmarks.rewrite.named import CASES, Named, named
from benchmarks.rewrite.tried import TARGETS, Tried, tried
from edgeplan.surgery.ledger import Ledger


def main() -> None:
    """Try, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--kept", type=Path, required=True, help="where what was found is kept")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="models at a time")
    parser.add_argument("--referee", type=Path, help="the Python that has the packages of the qnn-htp referee")
    parser.add_argument("--page-only", action="store_true", help="try nothing, make the page of what is kept")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    given.kept.mkdir(parents=True, exist_ok=True)
    paths = sorted(p for f in given.models for p in (f.glob("*.onnx") if f.is_dir() else [f]))
    if not given.page_only:
        with ProcessPoolExecutor(given.jobs, max_tasks_per_child=1) as pool:
            for done in as_completed([pool.submit(_all, p, given.kept) for p in paths]):
                print(done.result(), file=sys.stderr, flush=True)
    text = "\n".join(page(list(_read(paths, given.kept)), list(_named(paths, given)))) + "\n"
    if given.output:
        given.output.write_text(text, "utf-8")
    else:
        print(text)


def _all(path: Path, kept: Path) -> str:
    """One model on every target it was not tried on yet."""
    ledger = Ledger()
    with TemporaryDirectory() as folder:
        for at, where in enumerate(TARGETS):
            place = kept / f"{path.stem}@{at}.json"
            if not place.is_file():
                place.write_bytes(msgspec.json.encode(tried(path, where, ledger, Path(folder))))
    return path.stem


def _read(paths: Sequence[Path], kept: Path) -> Iterator[Tried]:
    for path in paths:
        for at in range(len(TARGETS)):
            place = kept / f"{path.stem}@{at}.json"
            if place.is_file():
                yield msgspec.json.decode(place.read_bytes(), type=Tried)


def _named(paths: Sequence[Path], given: argparse.Namespace) -> Iterator[Named]:
    """The named cases whose models are there."""
    files = {p.stem: p for p in paths}
    for case in CASES:
        place = given.kept / f"named-{case.key}.json"
        if not place.is_file() and case.model in files and not given.page_only:
            place.write_bytes(msgspec.json.encode(named(case, files[case.model], given.referee)))
        if place.is_file():
            yield msgspec.json.decode(place.read_bytes(), type=Named)


if __name__ == "__main__":
    main()
