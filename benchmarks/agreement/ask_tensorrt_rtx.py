"""Asks TensorRT-RTX's parser and CPU-only builder about models and records its answers, one a model.

    python -m benchmarks.agreement.ask_tensorrt_rtx SET [--target SM86] [-o ANSWERS.json]

SET is `nodes`, `retyped`, `probes`, `random:SEED:COUNT`, `old:SEED:COUNT`, or a folder or zip of .onnx files. Run it in
an environment of its own with `tensorrt-rtx-cu12` and `onnx`; it needs no GPU. A record says what was asked and groups
the models by the answer: `runs`, or the stage that refused (`parser`, `builder`, `crash`) with the first words of the
message.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import onnx

from benchmarks.agreement import tensorrt_models, tensorrt_probes, tensorrt_random
from benchmarks.agreement.tensorrt_models import Question

PATIENCE = 120
"""Seconds after which a build counts as crashed."""
WORDS = 140
"""Characters of a message that are kept, unless told otherwise."""


def questions(which: str) -> Iterator[Question]:
    """The models of a named set, a folder or a zip."""
    kind, *numbers = which.split(":")
    if kind == "random":
        yield from tensorrt_random.models(int(numbers[0]), int(numbers[1]))
    elif kind == "old":
        yield from tensorrt_random.old_models(int(numbers[0]), int(numbers[1]))
    elif kind == "nodes":
        yield from tensorrt_models.node_tests()
    elif kind == "retyped":
        yield from tensorrt_models.retyped()
    elif kind == "probes":
        yield from (Question(name, model) for name, model in tensorrt_probes.models())
    elif which.endswith(".zip"):
        with zipfile.ZipFile(which) as z:
            for name in sorted(n for n in z.namelist() if n.endswith(".onnx")):
                yield Question(name, onnx.load_from_string(z.read(name)))
    else:
        for path in sorted(Path(which).rglob("*.onnx")):
            try:
                yield Question(str(path.relative_to(which)), onnx.load(path))
            except (OSError, ValueError, onnx.checker.ValidationError) as error:  # weights that are not there
                print(f"{path}: {error}", file=sys.stderr)


def serve(pipe: Connection, target: str) -> None:
    """Answer questions until the pipe closes: this is the process that a crash takes down."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)  # the library writes warnings past its logger
    os.dup2(quiet, 2)
    import tensorrt_rtx as trt

    log: list[str] = []

    class Log(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            if severity <= trt.ILogger.Severity.ERROR:
                log.append(message)

    logger = Log()
    builder = trt.Builder(logger)
    while True:
        try:
            data, feeds = pipe.recv()
        except EOFError:
            return
        log.clear()
        network = builder.create_network(0)
        parser = trt.OnnxParser(network, logger)
        if not parser.parse(data):
            said = [parser.get_error(i) for i in range(parser.num_errors)]
            pipe.send(("parser", f"{said[0].node_operator()}: {said[0].desc()}" if said else "; ".join(log)))
            continue
        config = builder.create_builder_config()
        config.num_compute_capabilities = 1
        config.set_compute_capability(getattr(trt.ComputeCapability, target), 0)
        profile, needed = builder.create_optimization_profile(), False
        try:
            for i in range(network.num_inputs):
                tensor = network.get_input(i)
                fed = feeds.get(tensor.name)
                if tensor.is_shape_tensor and fed is not None:
                    profile.set_shape_input(tensor.name, *[[int(v) for v in fed.flatten()]] * 3)
                    needed = True
                if -1 in list(tensor.shape):
                    sizes = list(fed.shape) if fed is not None else [d if d > 0 else 1 for d in tensor.shape]
                    profile.set_shape(tensor.name, sizes, sizes, sizes)
                    needed = True
            if needed:
                config.add_optimization_profile(profile)
            engine = builder.build_serialized_network(network, config)
        except (RuntimeError, TypeError, ValueError) as error:
            pipe.send(("builder", str(error)))
            continue
        pipe.send(("runs", "") if engine is not None else ("builder", log[0] if log else "no engine and no message"))


def answers(which: str, target: str) -> Iterator[tuple[str, str, str]]:
    """(model, stage, message) for every model of the set."""
    context = multiprocessing.get_context("spawn")
    ours: Connection | None = None
    worker: Any = None
    for question in questions(which):
        if worker is None:
            ours, theirs = context.Pipe()
            worker = context.Process(target=serve, args=(theirs, target), daemon=True)
            worker.start()
            theirs.close()
        assert ours is not None
        try:
            ours.send((question.model.SerializeToString(), dict(question.feeds)))
            stage, message = ours.recv() if ours.poll(PATIENCE) else ("crash", f"no answer in {PATIENCE} s")
        except (EOFError, BrokenPipeError, ConnectionResetError):
            stage, message = "crash", "the process ended"
        if stage == "crash":
            worker.kill()
            worker = None
        yield question.name, stage, message
    if worker is not None:
        worker.kill()


def shortened(message: str, length: int) -> str:
    """The message without the names, numbers and places that differ from model to model."""
    message = re.sub(r"\s+", " ", message)
    message = re.sub(r"^IBuilder::buildSerializedNetwork: ", "", message)
    message = re.sub(r"^Error Code \d+: Myelin \(\[[^\]]*\] ?", "Myelin: ", message)
    message = re.sub(r"In node \d+ with name: \S* and operator: (\w+) \((\w+)\): ", r"\1: ", message)
    return message[:length]


def main() -> int:
    """Ask, then write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", metavar="SET")
    parser.add_argument("--target", default="SM86", help="compute capability, as TensorRT-RTX names it")
    parser.add_argument("--words", type=int, default=WORDS, help="characters of a message that are kept")
    parser.add_argument("-o", "--output", type=Path, help="the record; standard output without it")
    given = parser.parse_args()
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for at, (name, stage, message) in enumerate(answers(given.set, given.target)):
        grouped[stage, shortened(message, given.words)].append(name)
        if at % 100 == 0:
            print(f"{at} {name}", file=sys.stderr)
    record = {
        "tool": "TensorRT-RTX",
        "version": version("tensorrt-rtx-cu12"),
        "mode": "CPU-only ahead-of-time build",
        "target": given.target,
        "onnx": onnx.__version__,
        "date": datetime.now(UTC).date().isoformat(),
        "set": Path(given.set).name,
        "answers": [
            {"stage": stage, "message": message, "models": models}
            for (stage, message), models in sorted(grouped.items())
        ],
    }
    lines = json.dumps(record, indent=0, ensure_ascii=False).replace('",\n"', '", "')
    if given.output:
        given.output.write_text(lines + "\n", "utf-8")
    else:
        print(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
