"""Builds a lowering to MIL with coremltools' own builder, which checks every op and infers its outputs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["build", "noise", "refusal"]

Json = Mapping[str, Any]

WORDS = 400

_seeds = itertools.count()


def refusal(error: Exception) -> str:
    """An exception in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:WORDS]


def noise(shape: Sequence[int], dtype: Any) -> Any:
    """Values for a weight that nobody has: small, positive and all different, so that nothing is folded or shared."""
    import numpy as np

    rng = np.random.default_rng(next(_seeds))
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return np.asarray(rng.uniform(0.01, 0.02, tuple(shape))).astype(kind)
    return np.asarray(rng.integers(0, 2, tuple(shape))).astype(kind)


def build(lowered: Json, given: set[int], target: Any) -> tuple[Any, dict[int, str], set[int]]:
    """The program of a lowering, and what the builder says of ops it refuses, by their index.

    The ops in `given` and those that are not `in_mil` are left out: what others read of them is an input of the program
    where its shape is known, else what reads it is left out as well. There is no program where nothing could be built.
    """
    from coremltools.converters.mil.mil import Function, Program

    values, ops = lowered["values"], lowered["ops"]
    left = {i for i, op in enumerate(ops) if i in given or not in_mil(op)}
    read = {n for i, op in enumerate(ops) if i not in left for n in (*op["inputs"], *op["captures"])}
    outer = [n for n in (*lowered["inputs"], *(o for i in sorted(left) for o in ops[i]["outputs"])) if n in read]
    outer = [n for n in outer if not values[n]["const"] and sized(values[n])]
    holders = {f"given_{i}": placeholder(values[n]) for i, n in enumerate(outer)}
    program, refused = Program(), dict[int, str]()
    with Function(holders, opset_version=target) as function:
        made = {n: fitted(function.inputs[f"given_{i}"], values[n], f"given_{i}") for i, n in enumerate(outer)}
        for i, op in enumerate(ops):
            if i in left or any(n not in made and not values[n]["const"] for n in (*op["inputs"], *op["captures"])):
                left.add(i)
                continue
            try:
                outs = emit(op, f"op{i}", values, made, target)
            except Exception as e:  # whatever the builder raises is its refusal
                refused[i] = refusal(e)
                continue
            for name, out in zip(op["outputs"], outs, strict=False):
                refused.update(differs(i, op["type"], values[name], out))
                made[name] = out
        built = [op for i, op in enumerate(ops) if i not in left and i not in refused]
        read = {n for op in built for n in (*op["inputs"], *op["captures"])}
        ends = [n for op in built for n in op["outputs"] if n in lowered["outputs"] or n not in read]
        if not ends:
            return None, refused, left
        function.set_outputs([returned(made[n], i) for i, n in enumerate(ends)])
    program.add_function("main", function)
    return program, refused, left


def in_mil(op: Json) -> bool:
    """Whether the builder can be asked: an op of MIL, not of lists, whose bodies are spelled out and of such ops."""
    names = {body["name"] for body in op["bodies"]}
    if op["domain"] or "list" in op["type"] or names not in (set(), {"_cond", "_body"}, {"_true_fn", "_false_fn"}):
        return False
    return all(in_mil(inner) for body in op["bodies"] for inner in body["ops"])


def sized(value: Json) -> bool:
    """Whether every size is known, and the type one that a cast can give."""
    kinds = ("float32", "float16", "int32", "bool", "int8", "uint8", "int16", "uint16")
    return value["shape"] is not None and all(isinstance(d, int) for d in value["shape"]) and value["dtype"] in kinds


def differs(index: int, kind: str, value: Json, var: Any) -> dict[int, str]:
    """A complaint where the builder infers another shape than the lowering says."""
    sizes = [d if isinstance(d, int) else None for d in value["shape"] or ()]
    theirs = [int(d) if str(d).isdigit() else None for d in var.shape]
    alike = len(sizes) == len(theirs) and all(a == b or None in (a, b) for a, b in zip(sizes, theirs, strict=True))
    return {} if value["shape"] is None or alike else {index: f"{kind} gives {theirs}, not {sizes}"}


def returned(var: Any, index: int) -> Any:
    """An output of a program has to be of floats or integers."""
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813  # as coremltools writes it

    return (
        mb.cast(x=var, dtype="int32", name=f"given_out_{index}") if mil_name(var) in ("bool", "int8", "uint8") else var
    )


def placeholder(value: Json) -> Any:
    """An input of a program, which has at least one axis and is of floats or 32-bit integers."""
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813  # as coremltools writes it
    from coremltools.converters.mil.mil import types

    return mb.placeholder(value["shape"] or [1], types.fp32 if value["dtype"].startswith("float") else types.int32)


def fitted(var: Any, value: Json, name: str) -> Any:
    """An input of the program as the lowering has it: of its type, and of rank 0 where it is a scalar."""
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813  # as coremltools writes it

    if not value["shape"]:
        var = mb.squeeze(x=var, axes=[0], name=f"{name}_scalar")
    kind = label(value["dtype"])
    return var if kind == mil_name(var) else mb.cast(x=var, dtype=kind, name=f"{name}_cast")


def emit(op: Json, name: str, values: Json, made: dict[str, Any], target: Any) -> list[Any]:
    """The output variables of one op of the lowering."""
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813  # as coremltools writes it
    from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry

    cls = SSAOpRegistry.core_ops[op["type"]].get(target)
    cls = cls or [c for t, c in sorted(SSAOpRegistry.core_ops[op["type"]].items()) if t <= target][-1]
    spec, inputs = cls.input_spec, dict[str, Any]()
    for port, read in zip(op["ports"], op["inputs"], strict=True):
        if read not in made:
            made[read] = mb.const(val=array(values[read]))
        var = made[read]
        several = type(spec.input_types[port]).__name__ == "TupleInputType"
        inputs[port] = [*inputs.get(port, []), var] if several else var
    out = values[op["outputs"][0]]["dtype"]
    for port, attr in op["attrs"].items():
        if port in spec.input_types:
            inputs[port] = parameter(attr, cls, port, inputs, label(out))
    for body in op["bodies"]:
        inputs[body["name"]] = block(body, name, made, target)
    result = getattr(mb, op["type"])(**inputs, name=name)
    return list(result) if isinstance(result, (tuple, list)) else [result]


def block(body: Json, name: str, made: Json, target: Any) -> Callable[..., Any]:
    """A body as the builder wants it: a function of its inputs, which also sees what was made around it."""

    def run(*given: Any) -> Any:
        from coremltools.converters.mil.mil import Builder as mb  # noqa: N813  # as coremltools writes it

        inside = {**made, **dict(zip(body["inputs"], given, strict=True))}
        for i, op in enumerate(body["ops"]):
            inside.update(zip(op["outputs"], emit(op, f"{name}_{i}", body["values"], inside, target), strict=False))
        outs = [inside[o] if o in inside else mb.const(val=array(body["values"][o])) for o in body["outputs"]]
        return outs[0] if body["name"] == "_cond" or len(outs) == 1 and body["name"] != "_body" else outs

    return run


def array(value: Json) -> Any:
    """A constant: its elements where they were read, else noise."""
    import numpy as np
    from coremltools.converters.mil.mil import types

    special = {"int4": "np_int4_dtype", "uint4": "np_uint4_dtype", "string": "str_"}
    name = value["dtype"]
    dtype = (
        getattr(types, special[name]) if name in ("int4", "uint4") else np.dtype("str" if name == "string" else name)
    )
    if value["data"] is None:
        return noise(value["shape"], "int8" if name in special else dtype).astype(dtype)[()]
    return np.array(value["data"]).astype(dtype).reshape(value["shape"])[()]


def parameter(attr: Any, cls: Any, name: str, given: Json, made: str) -> Any:
    """An attribute as a constant: of the type of the other inputs of its domain, else of the output where it fits."""
    import numpy as np
    from coremltools.converters.mil.mil import Var, types

    first = attr[0] if isinstance(attr, list) and attr else attr
    if isinstance(first, (str, bool)):
        return attr
    port = cls.input_spec.input_types[name]
    domain = getattr(port, "type_domain_id", None)
    kinds = [types.builtin_to_string(k) for k in (cls.type_domains or {}).get(domain) or port.type_domain]
    peers = [
        mil_name(v)
        for p, v in given.items()
        if domain and isinstance(v, Var) and getattr(cls.input_spec.input_types[p], "type_domain_id", None) == domain
    ]
    wanted = [k for k in kinds if k == made or k.startswith("fp" if isinstance(first, float) else "int32")]
    dtype = next(iter((*peers, *sorted(wanted, key=lambda k: k != made), *kinds)), "")
    return np.array(attr).astype({"fp16": "float16", "fp32": "float32"}.get(dtype, dtype))[()] if dtype else attr


def label(dtype: str) -> str:
    """MIL's name of an element type."""
    return {"float16": "fp16", "float32": "fp32", "string": "str"}.get(dtype, dtype)


def mil_name(var: Any) -> str:
    """MIL's name of a variable's element type."""
    from coremltools.converters.mil.mil import types

    return str(types.builtin_to_string(var.dtype))
