"""Puts real output into the README: every console block that runs edgeplan, and the table of rows.

`python docs/render.py` rewrites README.md; `tests/test_readme.py` fails while it would change anything.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

from edgeplan.capability.rows import backend_names, load_backend

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
COLUMNS = "100"


def run(command: str) -> str:
    """What a command of edgeplan's prints, at 100 columns, without colour."""
    words = shlex.split(command)
    if words[0] != "edgeplan":
        raise ValueError(f"only edgeplan is run here, not {words[0]!r}")
    environment = {"COLUMNS": COLUMNS, "NO_COLOR": "1", "PATH": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "edgeplan", *words[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return (done.stdout + done.stderr).rstrip("\n")


def _console(match: re.Match[str]) -> str:
    command = match["command"]
    return f"```console\n$ {command}\n{run(command)}\n```"


def rows_table() -> str:
    """Backends by the number of their rows and the kinds of evidence behind them."""
    lines = ["| backend | rows | refuse or degrade | kinds of evidence |", "|---|--:|--:|---|"]
    for name in backend_names():
        table = load_backend(name)
        kinds = Counter(table.sources[key].kind for row in table.rows for key in row.source)
        told = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        against = sum(row.verdict != "runs" for row in table.rows)
        lines.append(f"| {table.title} (`{name}`) | {len(table.rows)} | {against} | {told or 'none yet: every op is unknown'} |")
    return "\n".join(lines)


def render(text: str) -> str:
    """The README with every generated part made anew."""
    text = re.sub(r"```console\n\$ (?P<command>edgeplan [^\n]*)\n.*?```", _console, text, flags=re.DOTALL)
    return re.sub(
        r"(<!-- rows -->\n).*?(\n<!-- end -->)", lambda m: f"{m[1]}{rows_table()}{m[2]}", text, flags=re.DOTALL
    )


if __name__ == "__main__":
    README.write_text(render(README.read_text("utf-8")), "utf-8")
