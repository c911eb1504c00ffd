"""Holds the solver of `edgeplan split` against what Neurosurgeon and DADS published.

    python -m benchmarks.split.published [--write]

The named networks, on the papers' machines as their own figures tell them, over their links: where the solver cuts, how
long that takes, and whether what the papers say of it holds. With `--write` the tables go to docs/split-published.md.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

from benchmarks.split.published_cases import DADS, FIGURES, NEUROSURGEON, case, figures
from benchmarks.split.published_claims import Claim, Verdict, claims
from benchmarks.split.published_graph import TRIES, graph_section

PAGE = Path(__file__).parents[2] / "docs" / "split-published.md"
MEANING: Mapping[Verdict, str] = {
    "holds": "with its figures, or as it is said",
    "the order holds": "what is above what, not by how much",
    "not contradicted": "the same, with ties",
    "does not hold": "here it is otherwise",
    "cannot be checked": "what it would take is not published, or was not to be had",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the page, and write it when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/split-published.md too")
    parser.add_argument("--tries", type=int, default=TRIES, help="random networks for DADS' graph (%(default)s)")
    given = parser.parse_args(arguments)
    text = "\n".join(page(given.tries)) + "\n"
    print(text)
    if given.write:
        PAGE.write_text(text, encoding="utf-8")
    return 0


def page(tries: int) -> Iterator[str]:
    """The page, a line each."""
    yield (FIGURES / "preface.md").read_text(encoding="utf-8")
    yield from _claims(list(claims()))
    yield "## Where the solver cuts"
    yield ""
    yield "Neurosurgeon's networks on a Jetson TK1 and a Tesla K40: by latency and, over LTE and Wi-Fi, by the device's"
    yield "energy. Only AlexNet has published seconds and joules; the others follow from its."
    yield ""
    yield "| network | link | cut after | latency | device alone | cloud alone | least energy: cut after | of it |"
    yield "|---|---|---|---|---|---|---|---|"
    yield from _rows(NEUROSURGEON, True)
    yield ""
    yield "DADS' networks on a Raspberry Pi 3B and 8 cores at 2.5 GHz. The seconds of all but tiny YOLOv2 follow from"
    yield "the bars of its figure 12."
    yield ""
    yield "| network | link | cut after | latency | device alone | cloud alone |"
    yield "|---|---|---|---|---|---|"
    yield from _rows(DADS, False)
    yield ""
    yield from graph_section(tries)
    yield ""
    yield "## Sources"
    yield ""
    for paper in ("neurosurgeon", "dads"):
        for source in figures(paper)["source"].values():
            yield f"* [{source['title']}]({source['url']}), seen {source['seen']}: {source['says']}."


def _claims(found: Sequence[Claim]) -> Iterator[str]:
    counts = Counter(c.verdict for c in found)
    yield "## What they say"
    yield ""
    yield f"Of {len(found)} statements:"
    yield ""
    for verdict in get_args(Verdict):
        yield f"* **{verdict}**: {counts[verdict]} ({MEANING[verdict]})"
    yield ""
    yield "| where | published | ours | |"
    yield "|---|---|---|---|"
    for c in found:
        yield claim_row(c)
    yield ""


def claim_row(claim: Claim) -> str:
    """A claim as a row of the table."""
    note = f": {claim.note}" if claim.note else ""
    return f"| {claim.where} | {claim.published} | {claim.ours} | **{claim.verdict}**{note} |"


def _rows(names: Sequence[str], energy: bool) -> Iterator[str]:
    for name in names:
        of = case(name)
        for link in of.links:
            best = of.split(of.prices(link))
            row = f"| {name} | {link} | {best.after} | {_say(best.cost)} | {_say(best.alone)} | {_say(best.cloud)} |"
            if energy and link in (of.per_bit or {}):
                least = of.split(of.joules(link))
                row += f" {least.after} | {least.cost:.3f} J |"
            elif energy:
                row += " | |"
            yield row


def _say(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


if __name__ == "__main__":
    sys.exit(main())
