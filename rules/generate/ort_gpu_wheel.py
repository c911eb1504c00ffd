"""Ask a wheel of onnxruntime-gpu, on a machine without a GPU, which kernels it has and where it places ops.

    python rules/generate/ort_gpu_wheel.py WHEEL --list LISTS/1.31.json   # what ort_kernels.py --listed reads
    python rules/generate/ort_gpu_wheel.py WHEEL --place 1.31             # adds to runs/2026-11-22-placements.csv

ONNX Runtime decides where ops go before anything is computed. So CUDA's libraries are stood in for by ones that do
nothing and answer success, built here with cc from the names that the wheel's provider asks for: memory is the host's,
the GPU is one of compute capability 7.5. The provider of TensorRT, which the list of kernels also wants, is stood in
for by one that hands on CUDA's. Needs cc, c++, nm and readelf, and a Python that the wheel fits, with numpy, protobuf,
flatbuffers and onnx.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from pathlib import Path

RECORD = Path(__file__).resolve().parent.parent / "onnxruntime" / "runs" / "2026-11-22-placements.csv"
RECORD_HEADER = """\
# Where sessions of onnxruntime-gpu place the ops of small models, Linux x86-64, 2026-11-22: providers CUDA and CPU,
# with CUDA libraries that do nothing (rules/generate/ort_gpu_wheel.py). Ops that are folded are not in it.
"""
UNITS = {"CUDAExecutionProvider": "cuda", "CPUExecutionProvider": "cpu"}

CALLS = {
    "cudaGetDeviceCount": "(int*n){*n=1;return 0;}",
    "cudaGetDevice": "(int*n){*n=0;return 0;}",
    "cudaDeviceGetAttribute": "(int*v,int a,int d){*v=a==75?7:a==76?5:a==16?40:a==10?32:1024;return 0;}",
    "cudaMalloc": "(void**p,size_t n){*p=calloc(1,n+256);return 0;}",
    "cudaMallocHost": "(void**p,size_t n){*p=calloc(1,n+256);return 0;}",
    "cudaHostAlloc": "(void**p,size_t n,unsigned f){*p=calloc(1,n+256);return 0;}",
    "cudaFree": "(void*p){free(p);return 0;}",
    "cudaFreeHost": "(void*p){free(p);return 0;}",
    "cudaMemcpy": "(void*d,void*s,size_t n,int k){if(n)memmove(d,s,n);return 0;}",
    "cudaMemcpyAsync": "(void*d,void*s,size_t n,int k,void*t){if(n)memmove(d,s,n);return 0;}",
    "cudaMemset": "(void*d,int c,size_t n){memset(d,c,n);return 0;}",
    "cudaMemsetAsync": "(void*d,int c,size_t n,void*t){memset(d,c,n);return 0;}",
    "cudaMemGetInfo": "(size_t*a,size_t*b){*a=*b=1ull<<34;return 0;}",
    "cudaRuntimeGetVersion": "(int*v){*v=12020;return 0;}",
    "cudaDriverGetVersion": "(int*v){*v=13000;return 0;}",
    "cudaStreamIsCapturing": "(void*s,int*v){*v=0;return 0;}",
}
"""What has to do more than say that it worked."""
PROPERTIES = (
    "(char*p,int d){memset(p,0,720);*(size_t*)(p+288)=1ull<<34;*(size_t*)(p+296)=49152;*(int*)(p+304)=65536;"
    "*(int*)(p+308)=32;*(int*)(p+320)=1024;*(int*)(p+360)=7;*(int*)(p+364)=5;*(int*)(p+384)=40;*(int*)(p+388)=40;"
    "return 0;}"
)
"""cudaDeviceProp: memory, warp size, threads of a block, compute capability and multiprocessors, at their offsets."""
TEXTS = ("cudaGetErrorString", "cudaGetErrorName")
MAKES = re.compile(r"\w+Create\w*$|cudnnCreate\w+$")

TENSORRT = r"""
#include <dlfcn.h>
#include <cstring>
#include <memory>
typedef std::shared_ptr<void> Made;
struct P { virtual Made A(const void*) { return {}; } virtual Made B(const void*) { return {}; }
  virtual void* i() { return 0; } virtual void* j() { return 0; } virtual void* k() { return 0; }
  virtual void* l() { return 0; } virtual void I() {} virtual void S() {} };
struct Stand : P { P* real;
  Made A(const void*) override { return B(0); }
  Made B(const void*) override { static char o[1024]; *(size_t*)(o + 16) = ~0ull; return real->A(o); } };
extern "C" void* GetProvider() { static Stand s; Dl_info i; char b[4096]; dladdr((void*)GetProvider, &i);
  strcpy(b, i.dli_fname); strcpy(strrchr(b, '/'), "/libonnxruntime_providers_cuda.so");
  s.real = ((P * (*)()) dlsym(dlopen(b, RTLD_NOW | RTLD_GLOBAL), "GetProvider"))(); s.real->I(); return &s; }
"""

LIST = """
import json, sys, onnxruntime
onnxruntime.InferenceSession(sys.argv[2], providers=["CPUExecutionProvider"])  # there is an environment from here on
from onnxruntime.capi.onnxruntime_pybind11_state import get_all_opkernel_def
def types(k): return {v: sorted(n) for v, n in k.type_constraints.items()}
seen = {json.dumps([k.provider, k.domain, k.op_name, *k.version_range, types(k)]) for k in get_all_opkernel_def()}
open(sys.argv[1], "w").write("[" + ",\\n".join(sorted(seen)) + "]")
"""
PLACE = """
import sys, onnxruntime as o
for path in sys.argv[1:]:
    so = o.SessionOptions(); so.log_severity_level = 0; so.log_verbosity_level = 1
    so.graph_optimization_level = o.GraphOptimizationLevel.ORT_ENABLE_BASIC
    print("@@", path, file=sys.stderr, flush=True)
    try: o.InferenceSession(path, so, providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
    except Exception: pass
"""

WEIGHTS = "w = ConstantOfShape (a) r = ConstantOfShape (b)"
LSTM = f"<int64[3] a = {{1,16,8}}, int64[3] b = {{1,16,4}}, int64[2] c = {{1,12}}> {{ {WEIGHTS}"
GRU = f"<int64[3] a = {{1,12,8}}, int64[3] b = {{1,12,4}}> {{ {WEIGHTS}"
RNN = f"<int64[3] a = {{1,4,8}}, int64[3] b = {{1,4,4}}> {{ {WEIGHTS}"
KERNEL = "g (float[1,4,8,8] x) => (y) <int64[4] s = {4,4,3,3}> { w = ConstantOfShape (s)"
STEP = "g (float[5,1,8] x) => (y)"
SHAPE = (
    "g (float[N,4,M] x) => (y) <int64 i = {0}, int64[1] a = {0}, int64[1] m = {2}> { s = Shape (x) d = Gather (s, i)"
)
PROBES = {
    "conv-transpose": f"{KERNEL} y = ConvTranspose <pads = [1,1,1,1]> (x, w) }}",
    "conv-transpose-uneven-pads": f"{KERNEL} y = ConvTranspose <pads = [0,0,1,1]> (x, w) }}",
    "conv-transpose-same": f'{KERNEL} y = ConvTranspose <auto_pad = "SAME_UPPER"> (x, w) }}',
    "conv-uneven-pads": f"{KERNEL} y = Conv <pads = [0,0,1,1]> (x, w) }}",
    "cast-to-string": "g (float[4] x) => (y) { y = Cast <to = 8> (x) }",
    "arg-max": "g (float[4,8] x) => (y) { y = ArgMax (x) }",
    "arg-max-last-index": "g (float[4,8] x) => (y) { y = ArgMax <select_last_index = 1> (x) }",
    "lstm": f"{STEP} {LSTM} y = LSTM <hidden_size = 4> (x, w, r) }}",
    "lstm-clip": f"{STEP} {LSTM} y = LSTM <hidden_size = 4, clip = 1.0> (x, w, r) }}",
    "lstm-input-forget": f"{STEP} {LSTM} y = LSTM <hidden_size = 4, input_forget = 1> (x, w, r) }}",
    "lstm-activations": f'{STEP} {LSTM} y = LSTM <activations = ["Sigmoid","Relu","Tanh"], hidden_size = 4> '
    "(x, w, r) }",
    "lstm-peephole": f"{STEP} {LSTM} p = ConstantOfShape (c) y = LSTM <hidden_size = 4> (x, w, r, , , , , p) }}",
    "gru": f"{STEP} {GRU} y = GRU <hidden_size = 4> (x, w, r) }}",
    "gru-linear-before-reset": f"{STEP} {GRU} y = GRU <hidden_size = 4, linear_before_reset = 1> (x, w, r) }}",
    "rnn": f"{STEP} {RNN} y = RNN <hidden_size = 4> (x, w, r) }}",
    "rnn-relu": f'{STEP} {RNN} y = RNN <hidden_size = 4, activations = ["Relu"]> (x, w, r) }}',
    "shape-for-fill": f"{SHAPE} u = Unsqueeze (d, a) c = Concat <axis = 0> (u, m) y = ConstantOfShape (c) }}",
    "shape-in-floats": "g (float[N,4] x) => (y) { s = Shape (x) f = Cast <to = 1> (s) r = Sqrt (f) "
    "p = ReduceProd (r) y = Mul (x, p) }",
    "quantized-conv": "g (float[1,4,8,8] x) => (y) <int64[4] s = {4,4,3,3}, float f = {0.1}, int8 z = {0}> "
    "{ q = QuantizeLinear (x, f, z) d = DequantizeLinear (q, f, z) wq = ConstantOfShape <value = int8[1] {3}> (s) "
    "w = DequantizeLinear (wq, f, z) c = Conv (d, w) cq = QuantizeLinear (c, f, z) y = DequantizeLinear (cq, f, z) }",
    "quantized-weights": "g (float[1,8] x) => (y) <int64[2] s = {8,4}, float f = {0.1}, int8 z = {0}> "
    "{ wq = ConstantOfShape <value = int8[1] {3}> (s) w = DequantizeLinear (wq, f, z) y = MatMul (x, w) }",
}  # fmt: skip
"""Models in ONNX text, opset 18, by what they ask about."""


def unpack(wheel: Path, to: Path) -> Path:
    """The wheel's package with a stand-in for TensorRT's provider, and beside it the libraries that do nothing."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(to)
    capi = to / "onnxruntime" / "capi"
    shim = capi / "libonnxruntime_providers_tensorrt.so"
    (to / "tensorrt.cc").write_text(TENSORRT)
    _run("c++", "-w", "-shared", "-fPIC", "-o", str(shim), str(to / "tensorrt.cc"), "-ldl")
    stand_ins(capi / "libonnxruntime_providers_cuda.so", to / "cuda")
    return to


def stand_ins(provider: Path, to: Path) -> None:
    """A library for each of CUDA's that the provider needs, with the functions and versions it asks for."""
    to.mkdir()
    asked: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for line in _run("nm", "-D", "--undefined-only", str(provider)).splitlines():
        name, _, version = line.split()[-1].partition("@")
        family = re.match(r"(__cuda|cuda|cublasLt|cublas|cudnn|curand|cufft|nvrtc|cu)", name)
        if family:
            home = {"__cuda": "libcudart", "cuda": "libcudart", "cu": "libcuda"}.get(family[1], f"lib{family[1]}")
            asked[home].append((name, version.lstrip("@")))
    needed = re.findall(r"\[(lib(?:cu|nv)\w+\.so\.[\d.]+)\]", _run("readelf", "-d", str(provider)))
    looked_up = {n.decode() for n in re.findall(rb"cu[A-Z][A-Za-z0-9_]+(?=\0)", provider.read_bytes())}
    asked["libcuda"] += [(name, "") for name in sorted(looked_up - {n for n, _ in asked["libcuda"]})]
    for library in {*needed, "libcuda.so.1"}:
        base = library.split(".so")[0]
        code = ["#include <stdlib.h>", "#include <string.h>", *(_function(name) for name, _ in asked[base])]
        versions: dict[str, list[str]] = defaultdict(list)
        for name, version in asked[base]:
            versions[version].append(name)
        (to / f"{base}.c").write_text("\n".join(code))
        script = "".join(f"{v} {{ global: {'; '.join(names)}; }};\n" for v, names in versions.items() if v)
        (to / f"{base}.map").write_text(script)
        extra = [f"-Wl,--version-script={to / base}.map"] if script else []
        _run(
            "cc", "-w", "-shared", "-fPIC", "-o", str(to / library), f"-Wl,-soname,{library}", f"{to / base}.c", *extra
        )


def _function(name: str) -> str:
    if name in TEXTS:
        return f'const char*{name}(int e){{return "";}}'
    if name.startswith("cudaGetDeviceProperties"):
        return f"int {name}{PROPERTIES}"
    if name == "__cudaRegisterFatBinary":
        return f"void**{name}(void*p){{static void*x[8];return x;}}"
    made = "(void**p){*p=calloc(1,4096);return 0;}" if MAKES.fullmatch(name) else "(void){return 0;}"
    return f"int {name}{CALLS.get(name, made)}"


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _ask(package: Path, script: str, *args: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(package), "LD_LIBRARY_PATH": str(package / "cuda")}
    return subprocess.run([sys.executable, "-c", script, *args], env=env, capture_output=True, text=True).stderr


def models(folder: Path) -> list[str]:
    """The probes as files."""
    import onnx.parser

    folder.mkdir()
    for name, text in PROBES.items():
        model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {text}')
        for i, node in enumerate(model.graph.node):
            node.name = f"n{i}"
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    return [str(folder / f"{name}.onnx") for name in PROBES]


def placements(log: str) -> dict[str, str]:
    """Each probe's ops by the unit they were placed on, as the log says it."""
    found: dict[str, str] = {}
    for part in log.split("@@ ")[1:]:
        path, _, rest = part.partition("\n")
        ops, unit = [], ""
        for line in rest.splitlines():
            if place := re.search(r"laced on \[(\w+)\]", line):
                unit = UNITS[place[1]]
                if "All nodes" in line:
                    ops.append(f"all {unit}")
            elif unit and (op := re.search(r"VerifyEachNodeIsAssignedToAnEp\w*\]\s+(?!Memcpy)(\w+) \(", line)):
                ops.append(f"{op[1]} {unit}")
        found[Path(path).stem] = ", ".join(sorted(ops))
    return found


def record(release: str, found: dict[str, str]) -> None:
    """Add a release's answers to the table."""
    lines = (
        list(csv.reader(t for t in RECORD.read_text("utf-8").splitlines() if not t.startswith("#")))
        if RECORD.is_file()
        else []
    )
    kept = [line for line in lines[1:] if line[0] != release]
    kept += [[release, name, placed, PROBES[name]] for name, placed in found.items()]
    order = {name: i for i, name in enumerate(PROBES)}
    with RECORD.open("w", encoding="utf-8", newline="") as file:
        file.write(RECORD_HEADER)
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["release", "probe", "placed", "model"])
        out.writerows(sorted(kept, key=lambda line: (tuple(map(int, line[0].split("."))), order[line[1]])))


def main() -> None:
    """List or place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--list", type=Path, metavar="FILE")
    parser.add_argument("--place", metavar="RELEASE")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        package = unpack(given.wheel, Path(folder) / "wheel")
        files = models(Path(folder) / "probes")
        if given.list:
            _ask(package, LIST, str(given.list), files[0])
        if given.place:
            record(given.place, placements(_ask(package, PLACE, *files)))


if __name__ == "__main__":
    main()
