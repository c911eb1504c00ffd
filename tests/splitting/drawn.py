"""Settings drawn at random, and what each of their splits takes, step by step as the words say."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import inf
from types import SimpleNamespace
from typing import Any

import numpy as np

from edgeplan.cost.estimate import Estimate
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.links.encoding import find_encoding
from edgeplan.links.network import Network, Rate
from edgeplan.links.radio import Radio
from edgeplan.splitting.cloud import Cloud
from edgeplan.splitting.question import Question
from edgeplan.splitting.setting import Setting, setting_of
from edgeplan.splitting.side import Side
from edgeplan.splitting.wiring import wiring_of

__all__ = ["Taken", "a_graph", "a_setting", "splits", "taken"]


def a_graph(rng: random.Random, most: int = 7) -> Graph:
    """Ops that read inputs, each other, weights or nothing; some of their results are outputs, some of no use."""
    values: dict[str, Value] = {"w": Value("w", DType.FLOAT32, (3,), const=True)}

    def value(name: str) -> str:
        kind = rng.choices([DType.FLOAT32, DType.FLOAT16, DType.INT64, DType.STRING], [8, 2, 2, 1])[0]
        shape = (rng.choice([0, 1, 40, 900, None]) if rng.random() < 0.3 else rng.randint(1, 2000),)
        values[name] = Value(name, kind, shape)
        return name

    inputs = [value(f"in{i}") for i in range(rng.randint(1, 2))]
    made, ops = list(inputs), []
    for i in range(rng.randint(1, most)):
        reads = tuple(dict.fromkeys(rng.choices([*made, "w"], k=rng.choice([0, 1, 1, 2, 3]))))
        outputs = tuple(value(f"t{i}_{k}") for k in range(rng.choice([1, 1, 2])))
        ops.append(Op(f"op{i}", "Custom", reads, tuple(f"p{k}" for k in range(len(reads))), outputs, domain="acme"))
        made += outputs
    results = [n for n in made if rng.random() < 0.25] or [made[-1]]
    return Graph("drawn", "onnx", tuple(ops), values, tuple(inputs), tuple(results))


def a_setting(rng: random.Random, **asked: Any) -> Setting:
    """A drawn graph between two drawn sides, with what is `asked`."""
    wiring = wiring_of(a_graph(rng))
    n = len(wiring.ops)

    def side(unable: float) -> Side:
        seconds = np.array([rng.choice([0.0, rng.uniform(0.001, 0.1)]) for _ in range(n)])
        floor = rng.choice([0.0, 0.003])
        time = float(seconds.sum()) + floor
        plan: Any = SimpleNamespace(latency=SimpleNamespace(total=Estimate(time, time, time, "")))
        none = np.zeros(n, bool)
        refused = np.array([rng.random() < unable for _ in range(n)])
        kernels = ((0, 1),) if n > 1 and rng.random() < 0.2 else ()
        target: Any = None
        return Side(target, wiring, plan, refused, none, none, seconds, floor, seconds * 3, floor * 3, kernels)

    constrained = rng.random() < 0.4
    radio = Radio(0.4, 0.05, 1.3, 5.0, 1.1, (0.5, 2.0), "drawn")
    rtt = Rate(*[rng.choice([0.0, 0.02])] * 3)
    up, down = (Rate(*[rng.choice([2e4, 1e6, 1e9])] * 3) for _ in range(2))
    network = Network("drawn", "drawn", up, down, rtt, None, radio, "", 2026, "")
    queue, slower = Rate(*[rng.choice([0.0, 0.004])] * 3), Rate(*[rng.choice([1.0, 1.7])] * 3)
    goal: Any = None
    at = Cloud("drawn", "drawn", goal, queue, slower, None, 2.0, "", "", ())
    question = Question(
        result=rng.choice(["device", "cloud"]),
        keep_raw_input=constrained and rng.random() < 0.3,
        encoding=rng.choice(["raw", "fp16", "uint8"]),
        input_bytes={"in0": rng.randint(1, 900)} if rng.random() < 0.3 else {},
        **asked,
    )
    encoding = find_encoding(question.encoding)
    able = 0.12 if constrained else 0.0
    return setting_of(side(able), side(able), at, network, rtt, encoding, question)


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds, joules and USD a million; infinite where it is not allowed."""

    seconds: float
    joules: float
    dollars: float


def splits(setting: Setting) -> list[np.ndarray[Any, Any]]:
    """Every mask of ops on the device."""
    n = len(setting.wiring.ops)
    return list((np.arange(1 << n)[:, None] >> np.arange(n)) & 1 == 1)


def taken(setting: Setting, device: np.ndarray[Any, Any], up: float | None = None) -> Taken:
    """What a split takes over the setting's network, or one whose uplink is `up` and whose downlink follows it."""
    graph, question, net = setting.wiring.graph, setting.question, setting.link.network
    here = {op.name for op, on in zip(graph.ops, device, strict=True) if on}
    radio, at, encoding = net.radio, setting.at, setting.link.encoding
    assert radio is not None
    uplink = net.up.likely if up is None else up
    downlink = net.down.likely * uplink / net.up.likely
    known = set(graph.inputs)
    sent: set[str] = set()
    compute = joules = busy = 0.0
    for i, op in enumerate(graph.ops):
        if op.name in here:
            if setting.device.refused[i] or any(n not in known for n in op.inputs if n != "w"):
                return Taken(inf, inf, inf)
            known.update(op.outputs)
            compute += setting.device.seconds[i]
            joules += setting.device.joules[i] if setting.device.joules is not None else 0
        else:
            if setting.cloud.refused[i]:
                return Taken(inf, inf, inf)
            sent.update(n for n in op.inputs if n in known and n != "w")
            busy += setting.cloud.seconds[i] * setting.factor.likely
    if question.result == "cloud":
        sent.update(n for n in graph.outputs if n in known)
    back = 0
    if question.result == "device":
        back = sum(graph.values[n].bytes or 0 for n in graph.outputs if n not in known)
    size = coding = decoding = 0.0
    for name in sent:
        value = graph.values[name]
        kept = question.keep_raw_input and name in graph.inputs  # no drawn op only copies
        if kept or value.bytes is None or value.dtype is None or value.dtype is DType.STRING:
            return Taken(inf, inf, inf)
        if name in question.input_bytes:
            size += question.input_bytes[name]
        elif value.elements is not None and (coded := encoding.sent(value.dtype, value.elements)) is not None:
            size += coded
            coding += encoding.encode_seconds(value.elements).likely
            decoding += encoding.decode_seconds(value.elements).likely
        else:
            size += value.bytes
    compute += setting.device.floor * bool(here)
    joules += setting.device.floor_joules * bool(here)
    if len(here) < len(graph.ops):
        busy += setting.cloud.floor * setting.factor.likely
        waiting = busy + at.queue.likely
    else:
        waiting = 0.0
    if len(here) == len(graph.ops) and question.result == "device":
        return Taken(compute, joules, 0.0)
    trip = setting.link.rtt.likely
    seconds = compute + (coding + 8 * size / uplink + trip + waiting + decoding + 8 * back / downlink)
    if question.outage:
        whole = float(setting.device.seconds.sum()) + setting.device.floor
        lost = compute + (question.timeout or 0) + whole
        seconds = (1 - question.outage) * seconds + question.outage * lost
    joules += radio.up_joules(round(size), uplink) + radio.down_joules(back, downlink)
    joules += radio.wait_joules(trip + waiting + decoding) + radio.tail_joules
    dollars = busy * (1 - question.outage) * (at.price_per_hour or 0) / 3600 * 1e6
    return Taken(seconds, joules, dollars)
