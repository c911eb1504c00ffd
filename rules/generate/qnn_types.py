"""Writes `rules/qnn/htp.json`, the element types and ranks each op takes on the HTP, from the record of a compiler run.

    python rules/generate/qnn_types.py rules/qnn/runs/2026-11-22-types-and-ranks.csv

A record has a line for each op, element type, rank and chipset of which the compiler was asked with random
attributes: soc_model 57 computes in fp16, 35 does not (`f32-`), 30 lacks some of the kernels (`f32~`). Refusals of
attributes are left out, for they have rows of their own; of cells with several answers the one of most cases is
taken. A cell nobody asked about is that of float32 where the nearest known rank agrees with float32, else that of
this rank, and so is a quantised type that nobody asked about. The type of a Cast is what it reads and what it makes,
`f32>i64`.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

RANKS = 7
LETTER = {"runs": "r", "refuses": "c", "fails": "f"}
QUANTISED = ("f16", "q8", "s8", "q16", "s16")


def main() -> int:
    """Read the record named on the command line and write the table beside the rules."""
    cells: dict[tuple[str, str, int], dict[int, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    with Path(sys.argv[1]).open(newline="", encoding="utf-8") as record:
        for line in csv.DictReader(record):
            counts = cells[line["op"], line["type"], int(line["soc_model"])]
            counts[int(line["rank"])][line["answer"]] += int(line["cases"])
    table: dict[str, dict[str, str]] = {}
    for op in sorted({op for op, _, _ in cells}):
        base = _row(cells.get((op, "f32", 57), {}), "")
        types = sorted({t for name, t, soc in cells if (name, soc) == (op, 57)})
        found = {t: _row(cells[op, t, 57], base) for t in types}
        if base:
            found |= {t: base for t in QUANTISED if t not in found}
        for kind, row in tuple(found.items()):
            for soc, mark in ((35, "-"), (30, "~")):
                like = cells.get((op, "f32", 35), {}) if (kind, soc) == ("f16", 35) else {}
                other = _instead(cells.get((op, kind, soc), {}), row, like)
                if other != row:
                    found[kind + mark] = other
        table[op] = found
    lines = ",\n".join(f"{json.dumps(op)}:{json.dumps(row, separators=(',', ':'))}" for op, row in table.items())
    (Path(__file__).parents[1] / "qnn" / "htp.json").write_text(f"{{{lines}}}\n", encoding="utf-8")
    return 0


def _row(counts: Mapping[int, Counter[str]], base: str) -> str:
    """One letter for each rank from 0 to 6 and more."""
    known = {rank: LETTER[_usual(c)] for rank, c in counts.items()}
    if not known:
        return ""
    letters: list[str] = []
    for rank in range(RANKS):
        near = max((r for r in known if r <= rank), default=min(known))
        if rank in known:
            letters.append("c" if rank == RANKS - 1 and known[rank] == "r" else known[rank])
        elif base and rank == RANKS - 1:
            letters.append(base[rank])
        elif base:
            letters.append(base[rank] if known[near] == base[near] else known[near])
        else:
            letters.append("c" if rank == RANKS - 1 and known[near] == "r" else known[near])
    return "".join(letters)


def _usual(counts: Counter[str], last: str = "fails") -> str:
    """The answer of most cases; of several with as many not `last`."""
    return max(LETTER, key=lambda answer: (counts[answer], answer != last))


def _instead(counts: Mapping[int, Counter[str]], base: str, like: Mapping[int, Counter[str]]) -> str:
    """The same on another chipset: what was asked there, else what mostly became of that which runs with fp16.

    `like` are the answers of another type, for want of own ones.
    """
    known = {rank: _usual(c, "runs") for rank, c in counts.items()}
    usual = [answer for rank, answer in known.items() if base[rank] == "r"]
    usual = usual or [_usual(c, "runs") for rank, c in like.items() if base[rank] == "r"]
    letter = LETTER[Counter(usual).most_common(1)[0][0]] if usual else "r"
    return "".join(LETTER[known[r]] if r in known else letter if b == "r" else b for r, b in enumerate(base))


if __name__ == "__main__":
    sys.exit(main())
