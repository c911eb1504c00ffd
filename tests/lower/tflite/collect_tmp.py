import sys, time, traceback, collections, pickle
from hypothesis import given, settings, seed, HealthCheck, Phase
from hypothesis import strategies as st
from .test_hostile import _graphs, _RELAID
from edgeplan.lower.tflite import lower_tflite


def run(sd, n, save=None):
    found = collections.Counter()
    ex = {}

    @seed(sd)
    @settings(
        max_examples=n, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(_graphs(), st.sampled_from(["float16", "float32", "model"]))
    def t(graph, precision):
        try:
            lowered = lower_tflite(graph, precision)
            refused = {op.name for op in lowered.ops if op.domain}
            for op in lowered.ops:
                assert op.domain or op.type in _RELAID or op.name.rpartition("/")[0] not in refused, (op.type, op.name)
                assert all(name in lowered.values for name in (*op.inputs, *op.outputs)), ("missing", op)
        except Exception as e:
            tb = traceback.extract_tb(e.__traceback__)
            fr = [f"{f.filename.rsplit('/', 1)[1]}:{f.lineno}" for f in tb if "lower" in f.filename]
            key = (type(e).__name__, str(e)[:60], " < ".join(reversed(fr[-5:])))
            k2 = (key[0], key[2]) if key[0] != "AssertionError" else (key[0], key[1].split(",")[0])
            found[k2] += 1
            ex.setdefault(k2, (str(e)[:200], graph, precision))

    t()
    return found, ex


if __name__ == "__main__":
    t0 = time.time()
    found, ex = run(int(sys.argv[1]), int(sys.argv[2]))
    print("sec", time.time() - t0, "failures", sum(found.values()))
    for k, c in found.most_common():
        print(c, k, ex[k][0][:140])
    if len(sys.argv) > 3:
        pickle.dump({k: v for k, v in ex.items()}, open(sys.argv[3], "wb"))
