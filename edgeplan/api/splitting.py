"""Splitting: where to cut a model between a device and a cloud, and the two models that makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeplan.api.reading import fitting_backend, planned, settled, target_for
from edgeplan.frontends import dialect_of, load_model
from edgeplan.frontends.errors import BindingError

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgeplan.frontends.loaded import Loaded
    from edgeplan.links.network import Network
    from edgeplan.splitting.cloud import Cloud
    from edgeplan.splitting.fleet import Fleet
    from edgeplan.splitting.question import Question
    from edgeplan.splitting.split import SplitPlan
    from edgeplan.surgery.splitting.splitting import SplitFiles
    from edgeplan.target import Target

__all__ = ["split", "split_fleet", "split_to"]


def split(
    model: str | Path | ModelProto,
    target: str | Target,
    cloud: str | Cloud,
    network: str | Network,
    question: Question | None = None,
    *,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> SplitPlan:
    """Tell where to cut a model between a device and a cloud: all on one of them, or the best split between.

    `cloud` is a device's id (`server-t4`, `jetson-agx-orin-64gb`) or a file of one's own, `network` an id (`lte`),
    words (`up=5.85,down=20,rtt=50`, Mbit/s and ms) or a file. `question` says what is made small, and what has to hold:
    the least latency where there is none. Bindings are as for `analyze`. Needs the extra `split`. Raises
    `edgeplan.ModelError`, `edgeplan.TargetError`, or `ValueError` for what does not fit: clouds, networks, conditions,
    bindings.

    >>> split("model.onnx", "iphone14pro", "server-t4", "lte", Question(keep_raw_input=True)).chosen.way.kind
    """
    return split_fleet(model, [target], cloud, [network], question, dims=dims, inputs=inputs, values=values).plans[0][0]


def split_fleet(
    model: str | Path | ModelProto,
    targets: Sequence[str | Target],
    cloud: str | Cloud,
    networks: Sequence[str | Network],
    question: Question | None = None,
    *,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> Fleet:
    """Split a model for each of several devices over each of several networks, as `split` does for one.

    The model is read once, and planned once on each device and in the cloud.
    """
    from edgeplan.links.network import find_network
    from edgeplan.splitting.cloud import find_cloud
    from edgeplan.splitting.fleet import Fleet
    from edgeplan.splitting.plan import plan_split
    from edgeplan.splitting.question import Question
    from edgeplan.splitting.side import Side, side_of
    from edgeplan.splitting.wiring import wiring_of

    bound = dims or {}, inputs or {}, values or {}
    dialect = dialect_of(model)
    where = [target_for(t, None, None, dialect, None, "") for t in targets]
    at = find_cloud(cloud, backend=fitting_backend(cloud, None, dialect)) if isinstance(cloud, str) else cloud
    target_for(at.target, None, None, dialect, None, "")  # the runtime of a file may not take it
    links = [find_network(n) if isinstance(n, str) else n for n in networks]
    first = load_model(model, *bound)
    clouds: dict[int, Side] = {}
    rows: list[tuple[SplitPlan, ...]] = []
    for target in where:
        read = _closed(settled(model, first, target, bound))
        if id(read.graph) not in clouds:
            clouds[id(read.graph)] = side_of(wiring_of(read.graph), at.target, cloud=True)
        other = clouds[id(read.graph)]
        plan = planned(model, read, target, bound, size_budget=None, latency_budget=None)
        device = side_of(other.wiring, target, plan)
        rows.append(tuple(plan_split(device, other, at, link, question or Question()) for link in links))
    return Fleet(tuple(rows))


def split_to(
    folder: str | Path,
    model: str | Path,
    target: str | Target,
    cloud: str | Cloud,
    network: str | Network,
    question: Question | None = None,
    *,
    samples: str | Path | None = None,
    verify: bool = True,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> SplitFiles:
    """Split an ONNX file and write the two models, with a manifest, to a folder, proved to be the whole together.

    `samples` are inputs to run, a file or folder, random ones where there are none; `verify` off believes the cut.
    Bindings become part of the new models. The rest is as for `split`. Needs the extra `split`.
    """
    from edgeplan.surgery.splitting.splitting import split_model

    return split_model(
        Path(model),
        split(model, target, cloud, network, question, dims=dims, inputs=inputs, values=values),
        Path(folder),
        samples=Path(samples) if samples is not None else None,
        verify=verify,
        dims=dims,
        inputs=inputs,
        values=values,
        tell=tell,
    )


def _closed(read: Loaded) -> Loaded:
    """A model without free dimensions. Raises `BindingError` for others: what is sent has to have a size."""
    if read.free:
        more = " ".join(f"--dim {d}=SIZE" for d in read.free)
        names = ", ".join(map(repr, read.free))
        be, it = ("is", "it") if len(read.free) == 1 else ("are", "them")
        raise BindingError(f"what crosses has no size while {names} {be} open: bind {it}, {more}")
    return read
