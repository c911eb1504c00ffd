from __future__ import annotations

from edgeplan.frontends.onnx import parse_text
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.memory.range import Range
from edgeplan.target import resolve

CHAIN = """g (float[512,700] x) => (float[512,700] y) { a = Sin (x) b = Cos (a) y = Exp (b) }"""


def plan(text: str, device: str, *units: str) -> MemoryPlan:
    graph = parse_text(f'<ir_version: 8, opset_import: ["" : 18]> {text}')
    return plan_memory(
        Deployment(graph, resolve(device, "onnxruntime", "1.31"), units or ("cuda",) * len(graph.ops), ())
    )


def sizes(found: MemoryPlan) -> dict[str, Range]:
    return {term.name: term.size for term in found.terms}


def test_the_gpu_holds_inputs_and_activations_and_cuda_itself() -> None:
    found = sizes(plan(CHAIN, "server-t4"))
    assert list(found) == ["weights", "GPU arena", "context", "workspace"]
    size = 512 * 700 * 4
    assert found["GPU arena"].low == 2 * size
    assert found["GPU arena"].high >= 3 * size  # grown by powers of two
    assert found["context"].likely == 300 * 2**20


def test_what_the_cpu_computes_takes_nothing_of_the_gpu() -> None:
    on_gpu, shared = (sizes(plan(CHAIN, "server-t4", *units))["GPU arena"] for units in ((), ("cpu", "cpu", "cuda")))
    assert shared.low <= on_gpu.low
    assert sizes(plan(CHAIN, "server-t4", "cpu", "cpu", "cpu"))["arena"].low > 0


def test_a_server_without_a_gpu_takes_what_the_cpu_provider_does() -> None:
    found = sizes(plan(CHAIN, "server-xeon-gold-6226", "cpu", "cpu", "cpu"))
    assert set(found) == {"weights", "session", "arena", "inputs", "loading"}
