"""How long edgeplan takes to say something: its help, its list of devices, and the analysis of ordinary models.

    python benchmarks/startup.py [MODEL.onnx ...] [--repetitions 9]

Without a model, every .onnx file under samples/ is analysed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from measure import ROOT, Limit, edgeplan, in_turns, median_cpu, onnx_load, peak_mib, ratio, verdict

TARGET = "iphone14pro"
BINDINGS = {
    "basic_pitch.onnx": ("--dim", "unk__749=1"),
    "magika_v3_3.onnx": ("--dim", "unk__214=1"),
    "ppocr_v4_det.onnx": ("--input", "x=1x3x640x640"),
    "silero_vad.onnx": ("--input", "input=1x512", "--input", "state=2x1x128", "--value", "sr=16000"),
}
"""What the samples with open dimensions need, so that all of them are planned in full."""

START = Limit(0.12, "CPU-s")
ANALYZE = Limit(2.5, "times onnx.load")


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--repetitions", type=int, default=9)
    given = parser.parse_args()
    models = [m.resolve() for m in given.models] or sorted((ROOT / "samples").rglob("*.onnx"))
    if not models:
        sys.exit("there is no model under samples/: name one")
    start(given.repetitions)
    for model in models:
        analyze(model, given.repetitions)


def start(repetitions: int) -> None:
    """The commands that read no model, beside a bare interpreter."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "edgeplan --help": edgeplan("--help"),
        "edgeplan devices": edgeplan("devices"),
    }
    runs = in_turns(commands, repetitions)
    base = runs["python -c pass"]
    for name, found in runs.items():
        cpu = median_cpu(found)
        said = "" if found is base else f"   {ratio(found, base):4.1f} x python   {verdict(cpu, START)}"
        print(f"{name:<17} {cpu:6.3f} CPU-s  {peak_mib(found):6.1f} MiB{said}")


def analyze(model: Path, repetitions: int) -> None:
    """One model's analysis beside a process that only loads it."""
    bindings = BINDINGS.get(model.name, ())
    commands = {
        "onnx.load": onnx_load(model),
        "edgeplan analyze": edgeplan("analyze", str(model), "--target", TARGET, "--fail-on", "never", *bindings),
    }
    runs = in_turns(commands, repetitions)
    print(f"\n{model.name}")
    for name, found in runs.items():
        print(f"  {name:<17} {median_cpu(found):6.3f} CPU-s  {peak_mib(found):6.1f} MiB")
    times = ratio(runs["edgeplan analyze"], runs["onnx.load"])
    print(f"  ratio             {times:6.2f}   {verdict(times, ANALYZE)}")


if __name__ == "__main__":
    main()
