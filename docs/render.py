"""Puts real output into the README, and writes the pages that are made from the rules.

`python docs/render.py` rewrites README.md (every console block that runs edgeplan, the table of rows), docs/operators.md,
docs/referees.md, docs/networks.md, docs/rewrites.md, docs/rewrites/*.md, docs/memory.svg, docs/backends/*.md, the examples and the table of
docs/prune.md, docs/compress.md, docs/split.md, docs/split.svg, and the examples of docs/findings/EP3*.md and EP7*.md, whose
figures change with every fit; `tests/test_readme.py` fails while it would change anything. With `--asked` the README's
verification is made anew, too: that needs the vendors' packages.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from onnx import parser

from edgeplan.capability.rows import backend_names, load_backend
from edgeplan.report.compress_page import schemes_table
from edgeplan.report.network_page import networks_page
from edgeplan.report.prune_page import widths_table
from edgeplan.report.rewrite_page import catalogue_page, rewrite_page
from edgeplan.surgery.rewrites import NAMES

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
COLUMNS = "100"


def run(command: str, folder: Path = ROOT) -> str:
    """What a command of edgeplan's prints, at 100 columns, without colour."""
    words = shlex.split(command)
    if words[0] != "edgeplan":
        raise ValueError(f"only edgeplan is run here, not {words[0]!r}")
    environment = {"COLUMNS": COLUMNS, "NO_COLOR": "1", "PATH": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "edgeplan", *words[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
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
        lines.append(
            f"| {table.title} (`{name}`) | {len(table.rows)} | {against} | {told or 'none yet: every op is unknown'} |"
        )
    return "\n".join(lines)


def asked(text: str) -> str:
    """The README with what the vendors' compilers are shown to say made anew."""
    return re.sub(
        r"(<!-- asked: (?P<command>verify [^\n]*) -->\n```text\n).*?```",
        lambda m: f"{m[1]}$ edgeplan {m['command']}\n{run('edgeplan ' + m['command'])}\n```",
        text,
        flags=re.DOTALL,
    )


def render(text: str) -> str:
    """The README with every generated part made anew that needs nobody but edgeplan."""
    text = re.sub(r"```console\n\$ (?P<command>edgeplan [^\n]*)\n.*?```", _console, text, flags=re.DOTALL)
    return re.sub(
        r"(<!-- rows -->\n).*?(\n<!-- end -->)", lambda m: f"{m[1]}{rows_table()}{m[2]}", text, flags=re.DOTALL
    )


OPERATORS = """\
# ONNX operators by backend

Made from the rules at each backend's newest release, by `edgeplan rules table`. *yes*: a row says that the unit runs it and no
row limits that. *if*: with conditions on attributes, shapes, types or chips, which the backend's page lists. *no*: refused.
*?*: no row says, which is unknown, not supported. An operator is judged by what it becomes in the backend's own ops. Limits
that hold for every op (ranks, dynamic shapes, precisions) stand at the head of the backend's page.
"""


REFEREES = """\
# The referees

Vendors' compilers that run without the device. `edgeplan verify` asks them about a model, `edgeplan rules check --with NAME` about
the examples of the rows. Made from `rules/referees` by `edgeplan rules referees --format markdown`.

What a referee says is what that version of that compiler says, on a PC, for the chip it was told. It proves that an op, a model
or a row is taken or refused there; it proves nothing about speed, and it is not the device: other releases, drivers and
build flags differ, and the notes of each report say which of these apply. Packages are optional, installed by you under their
vendors' licences, and never part of edgeplan.
"""


REWRITES = """\
# The rewrites

What `edgeplan rewrite` can do to a model, in the order in which it tries. Every rewrite looks for one pattern, refuses with a reason
where a precondition does not hold, is run beside the old ops at each place before it is believed, and is kept only when the plan of
the target gets no worse; those of the stage *form* only when it gets better. *Exact* means that no bit changes, *numerically equal* that the
algebra is the same and only rounding differs. Made from the rewrites' own texts by `python docs/render.py`.
"""


NETWORKS = """\
# Networks

The links that `edgeplan split --network NAME` knows, from `rules/networks`; made by `python docs/render.py`. A figure is the likely one,
and in brackets the low and the high. What nobody published is *not known*: without a round trip no latency is told, without a
radio no energy of sending.

Your own link goes first: `--network up=5.85,down=20,rtt=50,loss=0.01` (Mbit/s, ms, part of the packets; a range is written
`up=2:5.85:9`), an id with some figures replaced (`--network lte-2017,rtt=50`), or a file in the format of `rules/networks` with one
`[network.NAME]` (`--network mine.toml`), in which sources may be left out:

```toml
[network.plant]
title     = "LTE of the plant, measured in the hall"
up_mbps   = [2, 6, 9]
down_mbps = 20
rtt_ms    = [35, 48, 90]
loss      = 0.01
radio     = "lte-2021"
```

Three things are in no profile. The distance to your cloud: round trips are mostly to a test server nearby. The time it takes to
wake a sleeping radio: half a second to a second on LTE and 5G once 5 to 10 s have passed without traffic (RRC-Probe in the data
behind `lte-2021`). And your share of the link while others use it.
"""


def memory_plot() -> str:
    """The drawing that the README shows."""
    with TemporaryDirectory(prefix="edgeplan-") as folder:
        plot = Path(folder) / "memory.svg"
        dims = " ".join(f"--dim p2o.DynamicDimension.{i}={n}" for i, n in enumerate((1, 640, 640)))
        run(f"edgeplan analyze samples/ppocr_v4_det.onnx --target iphone14pro {dims} --plot {plot}")
        return plot.read_text("utf-8")


def timed_example(page: str, code: str) -> str:
    """A finding's page with its example made anew: of what is printed the latency, or the verdict, and the finding."""
    with TemporaryDirectory(prefix="edgeplan-") as folder:
        text = re.search(r"```onnx\n(.*?)```", page, re.DOTALL)
        command = re.search(r"```console\n\$ (edgeplan (?:analyze|split) (\S+)[^\n]*)", page)
        assert command is not None
        if text is not None:
            onnx.save(parser.parse_model(text[1]), Path(folder) / command[2])
        split = command[1].startswith("edgeplan split")
        heads = (f"  {code} ",) if split else ("  latency ", f"  {code} ")
        lines = run(command[1], Path(folder) if text else ROOT).splitlines()
        shown, told = lines[:1] if split else [], False
        for line in lines[1:]:
            told = line.startswith(heads) or (told and line.startswith("   "))
            shown += [line] if told else []
    block = "\n".join(shown)
    return re.sub(r"(```console\n[^\n]*\n).*?```", lambda m: f"{m[1]}{block}\n```", page, flags=re.DOTALL)


def prune_page(page: str) -> str:
    """The page on pruning with its table of widths and its examples made anew: a sample, and a model that it shows."""
    with TemporaryDirectory(prefix="edgeplan-") as folder:
        text = re.search(r"```onnx\n(.*?)```", page, re.DOTALL)
        assert text is not None
        onnx.save(parser.parse_model(text[1]), Path(folder) / "net.onnx")

        def shown(match: re.Match[str]) -> str:
            command = match["command"]
            where = ROOT if "samples/" in command else Path(folder)
            return f"```console\n$ {command}\n{run(command, where)}\n```"

        page = re.sub(r"```console\n\$ (?P<command>edgeplan [^\n]*)\n.*?```", shown, page, flags=re.DOTALL)
    return re.sub(
        r"(<!-- widths -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{widths_table()}\n{m[2]}", page, flags=re.DOTALL
    )


def compress_page(page: str) -> str:
    """The page on compression with its example, and its table of what runtimes take, made anew."""
    return re.sub(
        r"(<!-- schemes -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{schemes_table()}\n{m[2]}", render(page), flags=re.DOTALL
    )


def split_plot() -> str:
    """The drawing of the split that the README shows."""
    with TemporaryDirectory(prefix="edgeplan-") as folder:
        plot = Path(folder) / "split.svg"
        command = re.search(r"^\$ (edgeplan split (?!.*--targets)[^\n]*)$", README.read_text("utf-8"), re.MULTILINE)
        assert command is not None
        run(f"{command[1]} --plot {plot}")
        return plot.read_text("utf-8")


def pages() -> dict[Path, str]:
    """The pages that are made from the rules and samples alone, by path."""
    found = {
        ROOT / "docs" / "operators.md": f"{OPERATORS}\n{run('edgeplan rules table')}\n",
        ROOT / "docs" / "referees.md": f"{REFEREES}\n{run('edgeplan rules referees --format markdown')}\n",
    }
    found[ROOT / "docs" / "networks.md"] = f"{NETWORKS}\n{networks_page()}\n"
    found[ROOT / "docs" / "memory.svg"] = memory_plot()
    for name in backend_names():
        page = run(f"edgeplan rules table --backend {name}")
        found[ROOT / "docs" / "backends" / f"{name}.md"] = page + "\n"
    found[ROOT / "docs" / "rewrites.md"] = f"{REWRITES}\n{catalogue_page()}"
    for name in NAMES:
        found[ROOT / "docs" / "rewrites" / f"{name}.md"] = rewrite_page(name)
    found[ROOT / "docs" / "prune.md"] = prune_page((ROOT / "docs" / "prune.md").read_text("utf-8"))
    found[ROOT / "docs" / "compress.md"] = compress_page((ROOT / "docs" / "compress.md").read_text("utf-8"))
    found[ROOT / "docs" / "split.md"] = render((ROOT / "docs" / "split.md").read_text("utf-8"))
    found[ROOT / "docs" / "split.svg"] = split_plot()
    for path in sorted((ROOT / "docs" / "findings").glob("EP[37]*.md")):
        found[path] = timed_example(path.read_text("utf-8"), path.stem)
    return found


if __name__ == "__main__":
    readme = README.read_text("utf-8")
    README.write_text(render(asked(readme) if "--asked" in sys.argv else readme), "utf-8")
    for path, page in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, "utf-8")
