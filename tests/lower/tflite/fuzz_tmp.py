import resource, signal, sys, time, traceback, collections, pickle, random, math
from dataclasses import replace
from edgeplan.graph import DType, Graph, Op, Value
from .test_hostile import _TEXTS, _source, _RELAID
from edgeplan.lower.tflite import lower_tflite

GR = [_source(t) for t in _TEXTS]
R = random.Random()


def dbl():
    return R.choice(
        [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 0.5, 1e300, 5e-324, 2.5, R.uniform(-9, 9), -1e308]
    )


def num():
    k = R.random()
    if k < 0.6:
        return R.randint(-3, 9)
    if k < 0.68:
        return R.choice([-(2**63), 2**63 - 1])
    if k < 0.88:
        return dbl()
    return R.choice([True, False])


def txt(m):
    return "".join(R.choice("abi,->.jNkSAME 0") for _ in range(R.randint(0, m)))


def attr():
    k = R.random()
    if k < 0.45:
        return num()
    if k < 0.55:
        return txt(4)
    return tuple(num() if R.random() < 0.9 else txt(2) for _ in range(R.randint(0, 6)))


def intattr():
    return tuple(R.randint(-3, 9) for _ in range(R.randint(0, 6)))


NAMES = [
    "axis",
    "axes",
    "perm",
    "pads",
    "kernel_shape",
    "strides",
    "group",
    "mode",
    "split",
    "alpha",
    "k",
    "epsilon",
    "to",
    "scales",
    "equation",
    "num_heads",
    "direction",
    "activations",
    "blocksize",
    "output_padding",
    "output_shape",
]


def dim():
    k = R.random()
    return R.randint(0, 9) if k < 0.8 else R.choice(["N", None, 2**40])


def shape(s):
    k = R.random()
    if k < 0.15:
        return None
    if k < 0.4 and s is not None:
        s = list(s)
        if not s:
            return (dim(),)
        j = R.randrange(len(s))
        o = R.random()
        if o < 0.4:
            s[j] = dim()
        elif o < 0.7:
            del s[j]
        else:
            s.insert(j, dim())
        return tuple(s)
    return tuple(dim() for _ in range(R.randint(0, 7)))


def mop(op, rate):
    def hit(n):
        return R.random() < n * rate

    attrs = {}
    for n, v in op.attrs.items():
        if hit(0.15):
            continue
        attrs[n] = (intattr() if isinstance(v, tuple) and R.random() < 0.5 else attr()) if hit(0.5) else v
    for _ in range(2):
        if hit(0.4):
            attrs[R.choice(NAMES)] = attr()
    kept = [i for i in range(len(op.inputs)) if not hit(0.12)]
    outs = op.outputs[: R.randint(0, len(op.outputs))] if hit(0.2) else op.outputs
    return replace(
        op,
        inputs=tuple(op.inputs[i] for i in kept),
        ports=tuple(op.ports[i] for i in kept),
        outputs=outs,
        attrs=attrs,
        version=R.choice([op.version, 0, 7, 11, 26]) if hit(0.5) else op.version,
        bodies=() if hit(0.15) else op.bodies,
    )


def mval(v, rate):
    if R.random() > 0.35 * rate:
        return v
    return replace(
        v,
        shape=shape(v.shape) if R.random() < 0.6 else v.shape,
        dtype=R.choice([None, *DType]) if R.random() < 0.4 else v.dtype,
        const=R.choice([True, False]) if R.random() < 0.5 else v.const,
        data=v.data
        if R.random() < 0.6
        else None
        if R.random() < 0.4
        else tuple(num() for _ in range(len(v.data) if v.data and R.random() < 0.5 else R.randint(0, 8))),
    )


def mutated(i):
    g = GR[i]
    rate = R.choice([0.3, 0.6, 1.0])
    return replace(g, values={n: mval(v, rate) for n, v in g.values.items()}, ops=tuple(mop(o, rate) for o in g.ops))


class Slow(Exception):
    pass


def _al(*a):
    raise Slow("slow")


signal.signal(signal.SIGALRM, _al)
resource.setrlimit(resource.RLIMIT_AS, (2 * 10**9, 2 * 10**9))


def run(sd, n):
    R.seed(sd)
    found = collections.Counter()
    ex = {}
    for j in range(n):
        graph = mutated(j % len(GR))
        p = R.choice(["float16", "float32", "model"])
        try:
            signal.setitimer(signal.ITIMER_REAL, 1.5)
            lowered = lower_tflite(graph, p)
            signal.setitimer(signal.ITIMER_REAL, 0)
            refused = {op.name for op in lowered.ops if op.domain}
            for op in lowered.ops:
                assert op.domain or op.type in _RELAID or op.name.rpartition("/")[0] not in refused, (op.type, op.name)
                assert all(name in lowered.values for name in (*op.inputs, *op.outputs)), ("missing", op)
        except Exception as e:
            signal.setitimer(signal.ITIMER_REAL, 0)
            tb = traceback.extract_tb(e.__traceback__)
            fr = [
                f"{f.filename.rsplit('/', 1)[1]}:{f.lineno}"
                for f in tb
                if "lower" in f.filename and f.name not in ("lower_tflite", "_lowered", "translate")
            ]
            k = (
                (type(e).__name__, " < ".join(reversed(fr[-4:])))
                if not isinstance(e, AssertionError)
                else ("Assert", str(e)[:20], graph.ops[0].type)
            )
            found[k] += 1
            ex.setdefault(k, (str(e)[:200], graph, p))
    return found, ex


if __name__ == "__main__":
    t0 = time.time()
    found, ex = run(int(sys.argv[1]), int(sys.argv[2]))
    print("sec", time.time() - t0, "failures", sum(found.values()), "kinds", len(found))
    for k, c in found.most_common():
        print(c, k, ex[k][0][:110])
    if len(sys.argv) > 3:
        pickle.dump(ex, open(sys.argv[3], "wb"))
