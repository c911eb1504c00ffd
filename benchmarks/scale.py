"""What large networks cost: 50,000 ops, and 2.7 GB of weights.

    python benchmarks/scale.py [--repetitions 3]

Both networks are made in a temporary folder by another process, so that this one stays small.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import ROOT, Limit, Run, edgeplan, in_turns, median_cpu, onnx_load, peak_mib, ratio, verdict

TARGETS = ("iphone14pro", "jetson-orin-nano")
CHAIN, TRANSFORMER = "chain.onnx", "transformer.onnx"


def main() -> None:
    """Print CPU seconds, MiB and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="edgeplan-") as folder:
        subprocess.run([sys.executable, str(ROOT / "benchmarks" / "networks.py"), folder], check=True)
        print("50,000 ops")
        for name, found in _measured(Path(folder) / CHAIN, given.repetitions).items():
            cpu, peak = verdict(median_cpu(found), Limit(5, "CPU-s")), verdict(peak_mib(found), Limit(600, "MiB"))
            print(f"  {name:<17} {cpu}   {peak}")
        print("\n2.7 GB of weights")
        for name, found in _measured(Path(folder) / TRANSFORMER, given.repetitions).items():
            print(f"  {name:<17} {verdict(peak_mib(found), Limit(200, 'MiB'))}")


def _measured(model: Path, repetitions: int) -> dict[str, list[Run]]:
    commands = {"onnx.load": onnx_load(model)}
    commands |= {t: edgeplan("analyze", str(model), "--target", t, "--fail-on", "never") for t in TARGETS}
    runs = in_turns(commands, repetitions)
    base = runs.pop("onnx.load")
    print(f"  {'onnx.load':<17} {median_cpu(base):6.3f} CPU-s  {peak_mib(base):6.1f} MiB")
    for name, found in runs.items():
        times = f"{ratio(found, base):5.2f} x onnx.load"
        print(f"  {name:<17} {median_cpu(found):6.3f} CPU-s  {peak_mib(found):6.1f} MiB   {times}")
    return runs


if __name__ == "__main__":
    main()
