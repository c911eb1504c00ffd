"""Prints confusion tables: `python -m benchmarks.agreement AREA --data FOLDER`, with -v the cases that differ."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks.agreement import coverage
from benchmarks.agreement.case import Case, tally

AREAS = {"coreml": "Core ML", "qnn": "Qualcomm QNN", "tensorrt": "TensorRT", "tflite": "LiteRT"}
"""The modules of this folder that put questions, each with `SETS`: a title to the cases in a folder of records."""

PREFACE = """\
# Agreement with the vendors' compilers

How often the rows say what the vendors' own compilers say, written by
`python -m benchmarks.agreement --data FOLDER -o docs/agreement.md` on {day}.

A row of a table is what the referee said of a model, a column what edgeplan says: it *runs* on the unit, is *refused*
there and falls back, *fails* (nothing is left that could run it), or is *unknown*, which is never counted as right.
*Refusals found* is the share of the referee's refusals and failures that edgeplan says too, *false alarms* the share of
what the referee runs that edgeplan refuses. Known differences between a referee and the runtime it stands for are left
out, and listed. The heads of `benchmarks/agreement/*.py` say what each referee is and how it was asked.

A compiler's yes is no device's yes: it says what is accepted for a chip, not how fast it runs there. For Core ML's
placement there is no referee off a Mac or an iPhone, and none is claimed: its tables are of the op registry, and of a
published matrix that the rows themselves cite.

Records under `rules/*/runs/` that were looked at while rows were written are regression tests, not held-out figures.
"""


def main() -> int:
    """Run the sets of one area, or of all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=__doc__)
    parser.add_argument("area", nargs="*", metavar="AREA", help=f"of {', '.join(AREAS)}; all of them if none is given")
    parser.add_argument("--data", type=Path, required=True, help="the folder with the referees' records")
    parser.add_argument("--set", action="append", default=[], help="only sets whose title contains this")
    parser.add_argument("-v", "--verbose", action="store_true", help="list the cases where the two differ")
    parser.add_argument("-o", "--output", type=Path, help="write the tables as a page, too")
    given = parser.parse_args()
    page = [PREFACE.format(day=datetime.now(UTC).date())]
    for area in given.area or AREAS:
        sets: Mapping[str, Callable[[Path], Iterator[Case]]] = import_module(f"benchmarks.agreement.{area}").SETS
        page.append(f"## {AREAS[area]}\n")
        for title, cases in sets.items():
            if given.set and not any(wanted in title for wanted in given.set):
                continue
            found = tally(title, cases(given.data))
            table = "\n".join(found.lines())
            print(table, end="\n\n", flush=True)
            page.append(f"{table}\n")
            for case in found.wrong if given.verbose else ():
                print(f"    {case.name}: the referee {case.truth}, edgeplan {case.said} ({case.why})")
    if not given.area and not given.set:
        page.append("## Real models\n")
        page.extend(coverage.table(given.data))
        page.append("")
    if given.output:
        given.output.write_text("\n".join(page), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
