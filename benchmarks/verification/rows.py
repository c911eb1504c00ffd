"""Writes the section about the rows: how many of them the compilers confirm when asked about their own examples.

edgeplan rules check --with REFEREE --format json -o REPLAY.json
python -m benchmarks.verification.rows REPLAY.json ... [-o PAGE]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edgeplan.report.markdown import cell

HEAD = """\
## The rows' own examples

Every row carries models of which it speaks, and others of which it must not. `edgeplan rules check` puts them to the
compiler: a row is confirmed when its examples go as the table says. It is not asked about when it speaks of other
releases, chips or units than the compiler's, or when its examples are models that the compiler cannot be given. That a
refusal is confirmed does not prove the row's own reason.

| referee | chip | rows | asked about | confirmed | | contradicted |
|---|---|--:|--:|--:|--:|---|"""


def lines(replays: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The section: a line for each replay, then why rows were not asked about."""
    yield HEAD
    for replay in replays:
        counts = Counter(row["outcome"] for row in replay["rows"])
        asked = counts["confirmed"] + counts["contradicted"]
        share = f"{counts['confirmed'] / asked:.1%}" if asked else ""
        wrong = ", ".join(f"`{row['id']}`" for row in replay["rows"] if row["outcome"] == "contradicted")
        shown = (
            replay["referee"],
            replay["chip"],
            f"{len(replay['rows'])}",
            f"{asked}",
            f"{counts['confirmed']}",
            share,
        )
        yield f"| {' | '.join(shown)} | {wrong} |"
    yield ""
    reasons: Counter[str] = Counter()
    for replay in replays:
        for row in replay["rows"]:
            if row["outcome"] == "cannot-be-asked":
                first = row["examples"][0]["words"] if row["examples"] else "no example"
                reasons[first.partition(":")[0]] += 1
    yield "Why rows were not asked about, all replays together:"
    yield ""
    yield from (f"- {count}: {cell(why)}" for why, count in reasons.most_common(12))
    yield ""


def main() -> int:
    """Read the replays, write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("replays", type=Path, nargs="+", metavar="REPLAY.json")
    parser.add_argument("-o", "--output", type=Path, help="append the section to this page")
    given = parser.parse_args()
    replays = [replay for path in given.replays for replay in json.loads(path.read_text("utf-8"))["replays"]]
    text = "\n".join(lines(replays))
    print(text)
    if given.output:
        with given.output.open("a", encoding="utf-8") as page:
            page.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
