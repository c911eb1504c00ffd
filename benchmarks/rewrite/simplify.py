"""Ops left and CPU-seconds taken, beside onnxslim and onnxsim: `python -m benchmarks.rewrite.simplify FOLDER...`.

Each tool is a process of its own, on the same file, one after the other, all in one run. CPU-seconds are user and
system time of the process; ops are counted with those of bodies and functions, constants left out. onnxslim and onnxsim
are no dependency: they are looked for in `--tools-bin`, else on the path. edgeplan is run as they are, without proofs
(`--no-verify`); with `--proved` once more with them. A model without training, whose weights are all one number, is
given random ones first, for all of them alike: where every weight is 0, whole networks fall into one.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from statistics import median

import numpy as np
import onnx
import onnx_ir as ir

from edgeplan.surgery.blank import has_blank_weights, mark_blank
from edgeplan.surgery.looking import BLANK

LIMIT = 120
"""Seconds a tool may take on one model."""

OTHERS = ("onnxslim", "onnxsim")


@dataclass(frozen=True, slots=True)
class Run:
    """One tool on one model: ops left, None where it failed, and CPU-seconds."""

    ops: int | None
    seconds: float


def tools(source: Path, place: Path, found: Mapping[str, str], proved: bool) -> dict[str, list[str]]:
    """The command of each tool."""
    edgeplan = [sys.executable, "-m", "edgeplan", "rewrite", str(source), "-o", str(place)]
    commands = {"edgeplan": [*edgeplan, "--no-verify"]}
    if proved:
        commands["edgeplan, proved"] = edgeplan
    return {**commands, **{name: [found[name], str(source), str(place)] for name in OTHERS}}


def count(model: onnx.ModelProto) -> int:
    """Ops with those of bodies, and of functions at each call, constants left out."""
    functions = {(f.domain, f.name): f for f in model.functions}

    def of(nodes: Iterable[onnx.NodeProto]) -> int:
        total = 0
        for node in nodes:
            inside = functions.get((node.domain, node.op_type))
            bodies = [a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]
            own = of(inside.node) if inside is not None else int(node.op_type != "Constant")
            total += own + sum(of(body.node) for body in bodies)
        return total

    return of(model.graph.node)


def run(command: Sequence[str], place: Path) -> Run:
    """Run a tool and look at what it wrote."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        code = subprocess.run(command, capture_output=True, timeout=LIMIT, check=False).returncode
    except subprocess.TimeoutExpired:
        code = -1
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if code != 0 or not place.is_file():
        return Run(None, seconds)
    return Run(count(onnx.load(place, load_external_data=False)), seconds)


def measured(
    folders: Sequence[Path], programs: Mapping[str, str], proved: bool
) -> Iterator[tuple[str, int, dict[str, Run]]]:
    """Every model of some folders: its name, its ops, and what each tool makes of it."""
    for path in sorted(p for f in folders for p in (f.glob("*.onnx") if f.is_dir() else [f])):
        with tempfile.TemporaryDirectory() as folder:
            found = {}
            source = filled(path, Path(folder) / "in.onnx")
            for name, command in tools(source, Path(folder) / "out.onnx", programs, proved).items():
                place = Path(folder) / "out.onnx"
                place.unlink(missing_ok=True)
                found[name] = run(command, place)
        yield path.name, count(onnx.load(path, load_external_data=False)), found


def filled(path: Path, place: Path) -> Path:
    """The model, written to `place` with random weights if it has none of its own."""
    try:
        model = ir.load(path.absolute())
    except ir.serde.SerdeError:  # a map, or an op that makes a value twice: each tool says what it makes of that
        return path
    if not has_blank_weights(model):
        return path
    rng = np.random.default_rng(0)
    mark_blank(model)
    for graph in (model.graph, *model.graph.subgraphs()):
        for value in graph.initializers.values():
            tensor = value.const_value
            if tensor is not None and value.meta.get(BLANK):
                drawn = rng.uniform(0.01, 0.02, tensor.shape.numpy()).astype(tensor.dtype.numpy())
                value.const_value = ir.Tensor(drawn, dtype=tensor.dtype, name=value.name)
    ir.save(model, place)
    return place


def table(rows: Sequence[tuple[str, int, dict[str, Run]]]) -> Iterator[str]:
    """The page: a summary, and a line for each model."""
    fewer = [r for _, _, r in rows if r["edgeplan"].ops is not None and r["edgeplan"].ops <= _best(r)]
    quicker = [r for _, _, r in rows if r["edgeplan"].seconds < min(r["onnxslim"].seconds, r["onnxsim"].seconds)]
    yield f"{len(rows)} models: edgeplan leaves no more ops than the better of the two on {len(fewer)} and takes less"
    yield f"CPU time than either on {len(quicker)}. CPU-seconds in all, and in the middle:"
    yield ""
    yield "| tool | total | median | failed |"
    yield "|---|--:|--:|--:|"
    for name in rows[0][2]:
        seconds = [r[name].seconds for _, _, r in rows]
        failed = sum(r[name].ops is None for _, _, r in rows)
        yield f"| {name} | {sum(seconds):.0f} | {median(seconds):.2f} | {failed} |"
    yield ""
    heads = [*rows[0][2]]
    yield f"| model | ops | {' | '.join(heads)} |"
    yield f"|---|--:|{'--:|' * len(heads)}"
    for name, ops, found in rows:
        cells = [f"{'failed' if r.ops is None else r.ops} ({r.seconds:.2f} s)" for r in found.values()]
        yield f"| {name} | {ops} | {' | '.join(cells)} |"


def _best(found: dict[str, Run]) -> float:
    left = [r.ops for n, r in found.items() if n in OTHERS and r.ops is not None]
    return min(left, default=float("inf"))


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--tools-bin", type=Path, help="the folder of onnxslim and onnxsim")
    parser.add_argument("--proved", action="store_true", help="run edgeplan with its proofs, too")
    given = parser.parse_args()
    programs = {name: which(name, path=given.tools_bin) for name in OTHERS}
    lacking = [name for name, program in programs.items() if program is None]
    if lacking:
        parser.error(f"{lacking[0]} is not there: say where with --tools-bin")
    rows = []
    for name, ops, found in measured(given.folders, {n: p for n, p in programs.items() if p}, given.proved):
        rows.append((name, ops, found))
        print(name, ops, {n: (r.ops, round(r.seconds, 2)) for n, r in found.items()}, file=sys.stderr, flush=True)
    text = "\n".join(table(rows)) + "\n"
    if given.output:
        given.output.write_text(text, "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
