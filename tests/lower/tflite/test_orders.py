"""Whatever axis orders a lowering holds tensors in, it computes what the ONNX graph does."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from edgeplan.frontends.onnx import load_onnx
from edgeplan.lower import lower_to

from .check import check_graph
from .evaluate import evaluate

_READ = 64
"""The most elements of a float constant that are read from a file: others have no data to compute with."""


class _Model:
    """An ONNX model that grows by one random node at a time; shapes are those that the reference computes."""

    def __init__(self, shape):
        self.nodes, self.constants, self.values = [], [], {}
        self.x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
        self.values["x"] = self.x

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, kind, inputs, **attrs):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=f"n{name}", **attrs))
        made = ReferenceEvaluator(self.proto([name], shapes=False)).run(None, {"x": self.x})[0]
        self.values[name] = made
        return name

    def proto(self, outputs, *, shapes=True):
        def info(name):
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, self.values[name].shape if shapes else None)

        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, self.x.shape)
        graph = helper.make_graph(self.nodes, "g", [x], [info(n) for n in outputs], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def _spatial(draw, m, x):
    shape = m.values[x].shape
    if len(shape) != 4 or min(shape[2:]) < 2:
        return None
    kind = draw(st.sampled_from(["MaxPool", "AveragePool", "Conv", "Resize", "DepthToSpace", "GlobalAveragePool"]))
    weights = np.random.default_rng(len(m.nodes))
    if kind in ("MaxPool", "AveragePool"):
        stride, pad = draw(st.integers(1, 2)), draw(st.integers(0, 1))
        return m.add(kind, [x], kernel_shape=[2, 2], strides=[stride, 1], pads=[pad, 0, 0, pad])
    if kind == "Conv":
        groups = draw(st.sampled_from([g for g in (1, 2, shape[1]) if shape[1] % g == 0]))
        w = weights.standard_normal((groups * 2, shape[1] // groups, 2, 1)).astype(np.float32)
        if w.size > _READ:
            return None
        pads = draw(st.sampled_from([[0, 0, 0, 0], [0, 0, 1, 0], [1, 1, 1, 1]]))
        bias = weights.standard_normal(groups * 2).astype(np.float32)
        return m.add("Conv", [x, m.constant(w), m.constant(bias)], group=groups, pads=pads)
    if kind == "Resize":
        scales = m.constant(np.array([1, 1, 2, 2], np.float32))
        attrs = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return m.add("Resize", [x, "", scales], mode="nearest", **attrs)
    if kind == "DepthToSpace":
        mode = draw(st.sampled_from(["DCR", "CRD"]))
        return m.add(kind, [x], blocksize=2, mode=mode) if shape[1] % 4 == 0 else None
    return m.add(kind, [x])


def _elementwise(draw, m, x):
    shape = m.values[x].shape
    kind = draw(st.sampled_from(["Relu", "Sigmoid", "Tanh", "Abs", "Add", "Mul", "Sub", "Softmax", "per channel"]))
    if kind in ("Add", "Mul", "Sub"):
        other = draw(st.sampled_from([n for n, v in m.values.items() if v.shape == shape]))
        return m.add(kind, draw(st.permutations([x, other])))
    if kind == "per channel":
        part = draw(st.sampled_from([shape[i:] for i in range(len(shape) + 1)]))
        part = tuple(d if draw(st.booleans()) else 1 for d in part)
        value = np.random.default_rng(len(m.nodes)).standard_normal(part).astype(np.float32)
        return m.add("Mul", [x, m.constant(value)]) if value.size <= _READ else None
    if kind == "Softmax":
        return m.add(kind, [x], axis=draw(st.integers(-len(shape), len(shape) - 1))) if shape else None
    return m.add(kind, [x])


_ARRANGING = [*["Reshape", "Transpose"] * 4, *["Concat", "Slice", "ReduceMean", "ReduceMax"] * 2]
_ARRANGING += ["Pad", "Tile", "Squeeze", "Unsqueeze", "Expand"]


def _arrange(draw, m, x):
    shape = m.values[x].shape
    rank = len(shape)
    if not rank:
        return None
    axis = draw(st.integers(0, rank - 1))
    kind = draw(st.sampled_from(_ARRANGING))
    if kind == "Transpose":
        return m.add(kind, [x], perm=draw(st.permutations(range(rank))))
    if kind == "Concat":
        other = draw(st.sampled_from([n for n, v in m.values.items() if v.shape == shape]))
        return m.add(kind, [x, other, x], axis=axis) if m.values[x].size < 2000 else None
    if kind == "Slice":
        step = draw(st.sampled_from([1, 1, 2, -1]))
        bounds = (shape[axis], -shape[axis] - 1) if step < 0 else (draw(st.integers(0, shape[axis] - 1)), 2**31)
        numbers = [m.constant(np.array([n], np.int64)) for n in (*bounds, axis, step)]
        return m.add("Slice", [x, *numbers])
    if kind.startswith("Reduce"):
        axes = sorted(draw(st.sets(st.integers(0, rank - 1), min_size=1)))
        return m.add(kind, [x, m.constant(np.array(axes, np.int64))], keepdims=draw(st.integers(0, 1)))
    if kind == "Pad":
        pads = draw(st.lists(st.integers(0, 1), min_size=2 * rank, max_size=2 * rank))
        return m.add(kind, [x, m.constant(np.array(pads, np.int64))]) if m.values[x].size < 500 else None
    if kind == "Tile":
        times = [2 if i == axis else 1 for i in range(rank)]
        return m.add(kind, [x, m.constant(np.array(times, np.int64))]) if m.values[x].size < 2000 else None
    if kind == "Expand":
        wide = [3 if d == 1 and draw(st.booleans()) else d for d in shape]
        return m.add(kind, [x, m.constant(np.array([1, *wide] if rank < 5 else wide, np.int64))])
    if kind == "Reshape":
        return m.add(kind, [x, m.constant(np.array(_target(draw, shape), np.int64))])
    if kind == "Squeeze":
        ones = [i for i, d in enumerate(shape) if d == 1]
        return m.add(kind, [x, m.constant(np.array(ones, np.int64))]) if ones else None
    return m.add("Unsqueeze", [x, m.constant(np.array([axis], np.int64))]) if rank < 5 else None


def _target(draw, shape):
    """The same elements with neighbouring axes merged, or one split in two."""
    dims = list(shape)
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(dims) - 1))
        if draw(st.booleans()) and at + 1 < len(dims):
            dims[at : at + 2] = [dims[at] * dims[at + 1]]
        elif dims[at] % 2 == 0 and len(dims) < 5:
            dims[at : at + 1] = draw(st.permutations([2, dims[at] // 2]))
    return dims


@st.composite
def _models(draw):
    m = _Model(draw(st.sampled_from([(1, 4, 6, 5), (2, 8, 3, 4), (1, 3, 4, 6)])))
    for _ in range(draw(st.integers(3, 7))):
        grow = draw(st.sampled_from([_spatial, _spatial, _elementwise, _arrange, _arrange]))
        x = draw(st.sampled_from(list(m.values)[-2:]))
        grow(draw, m, x)
    names = [n for n in m.values if n != "x"]
    last = names[-1:] if names else []
    return m, sorted({*last, *draw(st.lists(st.sampled_from(names), max_size=1))}) if names else []


def _back(found, wanted):
    """A result in the source's order: outputs of rank 3 and more may be channels last."""
    if found.shape == wanted.shape and np.allclose(found, wanted, atol=1e-4):
        return found
    return np.moveaxis(found, -1, 1) if found.ndim > 2 else found


@settings(max_examples=120, deadline=None)
@given(_models())
def test_orders_change_no_result(drawn) -> None:
    m, outputs = drawn
    if not outputs:
        return
    graph = load_onnx(m.proto(outputs)).graph
    lowered = lower_to(graph, "tflite", "model", ())
    check_graph(lowered)
    assert not [op.label for op in lowered.ops if op.domain]
    given_x = m.x if lowered.values[lowered.inputs[0]].shape == m.x.shape else np.moveaxis(m.x, 1, -1)
    for name, found in zip(outputs, evaluate(lowered, {lowered.inputs[0]: given_x}), strict=True):
        wanted = m.values[name]
        back = _back(found, wanted)
        assert back.shape == wanted.shape
        np.testing.assert_allclose(back, wanted, atol=1e-3, rtol=1e-3)
