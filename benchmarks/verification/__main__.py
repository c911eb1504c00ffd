"""Puts models to a referee and prints how often the prediction agrees.

    python -m benchmarks.verification REFEREE --target DEVICE --models FOLDER... --answers FOLDER [-o PAGE]

Answers that lie in the answers' folder are not asked for again; `--kept` asks for none at all. The section is appended
to PAGE, which begins with a preface when it is new.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.verification.asked import asked
from benchmarks.verification.table import section
from edgeplan.target import resolve
from edgeplan.verify.referees import load_referee, referee_names

PREFACE = Path(__file__).parent / "preface.md"


def main() -> int:
    """Ask, compare, and write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.verification",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("referee", choices=referee_names())
    parser.add_argument("--target", required=True, help="a device's id")
    parser.add_argument("--release", help="of the runtime on the device")
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="folders of models")
    parser.add_argument("--answers", type=Path, required=True, help="where answers are kept, a file for each model")
    parser.add_argument("--python", type=Path, help="the Python that has the referee's packages")
    parser.add_argument("--kept", action="store_true", help="compare the kept answers, ask for none")
    parser.add_argument("--about", default="", help="the section's head, after the referee's name")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each model, on stderr")
    parser.add_argument("-o", "--output", type=Path, help="append the section to this page")
    given = parser.parse_args()
    referee = load_referee(given.referee)
    target = resolve(given.target, referee.backend, given.release)
    suffixes = (".onnx", ".tflite")
    models = [p for folder in given.models for p in sorted(folder.rglob("*")) if p.suffix in suffixes]
    found = []
    for one in asked(models, target, referee, given.answers, given.python, not given.kept):
        found.append(one)
        if given.verbose:
            share = one.agreement.share_of_ops if one.agreement else None
            told = one.agreement.outcome.value if one.agreement else one.why
            print(f"{one.model}: {told}" + (f", {share:.2%} of ops" if share is not None else ""), file=sys.stderr)
    text = "\n".join(section(referee, target, found, given.about))
    print(text)
    if given.output:
        with given.output.open("a", encoding="utf-8") as page:
            page.write(f"{text}\n" if page.tell() else f"{PREFACE.read_text('utf-8')}\n{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
