"""Fits the figures of `Speed` to measured runs: least squares of log ratios, with a prior on every figure.

The prediction is that of `edgeplan.cost.latency`, written for arrays and with its derivatives; `check` holds the two
against each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log

import msgspec
import numpy as np
from scipy.optimize import least_squares

from benchmarks.latency.runs import Loaded, speed_at
from edgeplan.cost.families import key_of
from edgeplan.cost.kernel_time import kernel_time
from edgeplan.cost.speeds import Penalty, Speed
from edgeplan.cost.unit_speed import UnitSpeed

__all__ = ["Factors", "Fitted", "Free", "fit", "free_factors", "predict"]

Array = np.ndarray


@dataclass(frozen=True, slots=True)
class Free:
    """What may move: a figure of a speed (`0.floor`, `0.gmacs.conv`, `0.gbytes.weights`, `0.penalty.NAME`), or a factor
    of a chip (`chip.a15.work`); `sd` is how far its logarithm is expected to lie from where it starts. `also` are
    figures that move with it by the same factor.
    """

    name: str
    sd: float = 1.0
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Factors:
    """How a chip compares with the one the speeds are of: times its rates, times its fixed times."""

    work: float = 1.0
    traffic: float = 1.0
    fixed: float = 1.0


def free_factors(chip: str, work: float, traffic: float, fixed: float) -> list[Free]:
    """The three factors of a chip, each with how far its logarithm is expected to lie from where it starts."""
    kinds = ("work", work), ("traffic", traffic), ("fixed", fixed)
    return [Free(f"chip.{chip}.{kind}", sd) for kind, sd in kinds]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The speeds and the chips' factors that fit best."""

    speeds: tuple[Speed, ...]
    chips: Mapping[str, Factors]


class _Arrays:
    """Kernels of many runs as columns; `row` says whose. Columns point at parameters, by index."""

    def __init__(self, runs: Sequence[Loaded], speeds: Sequence[Speed], names: Mapping[str, int]) -> None:
        self.rows = len(runs)
        cols: dict[str, list[float]] = {
            k: [] for k in ("row", "speed", "aligned", "weights", "near", "far", "launches")
        }
        at: dict[str, list[int]] = {k: [] for k in ("launch", "gmacs", "far_p", "near_p", "weights_p")}
        pen: list[tuple[int, int, float, str]] = []
        floors: set[tuple[int, int]] = set()
        self.chips = [_scale(r, names) for r in runs]
        for r, loaded in enumerate(runs):
            for kernel, counts in zip(loaded.kernels, loaded.penalties, strict=True):
                s = _of(speeds, kernel.unit, kernel.precision)
                speed = speeds[s]
                near = sum(v for v in kernel.values if v <= speed.near_bytes)
                row = (r, s, kernel.aligned, kernel.weights, near, sum(kernel.values) - near, kernel.launches)
                for column, value in zip(cols.values(), row, strict=True):
                    column.append(value)
                f = kernel.family
                at["launch"].append(names[_key(s, "launch", speed.launch, f)])
                at["gmacs"].append(names[_key(s, "gmacs", speed.gmacs, f)])
                at["far_p"].append(names[_key(s, "gbytes", speed.gbytes, f)])
                at["near_p"].append(names[_key(s, "gbytes", speed.gbytes, "near")])
                at["weights_p"].append(names[f"{s}.gbytes.weights"])
                floors.add((r, s))
                for p, (ops, moved) in zip(speed.penalty, counts, strict=True):
                    if ops:
                        seconds = ops * p.us * 1e-6 + moved * p.ns_per_kb * 1e-12
                        pen.append((r, names[f"{s}.penalty.{p.name}"], seconds, p.scales))
        self.c = {k: np.array(v, dtype=float) for k, v in cols.items()}
        self.c["row"] = self.c["row"].astype(int)
        self.at = {k: np.array(v, dtype=int) for k, v in at.items()}
        self.power = np.array([speeds[int(s)].overlap for s in cols["speed"]])
        self.floors = sorted(floors)
        self.penalties = pen


def _scale(loaded: Loaded, names: Collection[str]) -> str:
    """What names the factors of a run: its own, its device's, or its chip's."""
    own, device = loaded.run.scale, loaded.target.device
    found = (n for n in (own, device.id) if n and f"chip.{n}.work" in names)
    return next(found, device.chip_id)


def _of(speeds: Sequence[Speed], unit: str, precision: str) -> int:
    at = speed_at(speeds, unit, precision)
    if at is None:
        raise ValueError(f"no speed to fit for the unit {unit!r}")
    return at


def _key(s: int, table: str, given: Mapping[str, float], family: str) -> str:
    return f"{s}.{table}.{key_of(given, family)}"


def _start(speeds: Sequence[Speed], chips: Mapping[str, Factors]) -> dict[str, float]:
    """Every figure by name."""
    found: dict[str, float] = {}
    for i, s in enumerate(speeds):
        found[f"{i}.floor"] = max(s.floor, 1e-3)
        for table, given in (("launch", s.launch), ("gmacs", s.gmacs), ("gbytes", s.gbytes)):
            found.update({f"{i}.{table}.{k}": max(v, 1e-6) for k, v in given.items()})
        found.update({f"{i}.penalty.{p.name}": 1.0 for p in s.penalty})
    for chip, f in chips.items():
        found.update({f"chip.{chip}.work": f.work, f"chip.{chip}.traffic": f.traffic, f"chip.{chip}.fixed": f.fixed})
    return found


def _predict(a: _Arrays, theta: Array, names: Mapping[str, int], slopes: bool) -> tuple[Array, Array | None]:
    """Seconds of every row and, where asked for, their derivatives by the logarithms of the figures."""
    value = np.exp(theta)
    c, at = a.c, a.at
    chip = {kind: np.ones(a.rows) for kind in ("work", "traffic", "fixed")}
    chip_at = {kind: np.full(a.rows, -1) for kind in chip}
    for r, name in enumerate(a.chips):
        for kind in chip:
            i = names.get(f"chip.{name}.{kind}", -1)
            if i >= 0:
                chip[kind][r], chip_at[kind][r] = value[i], i
    rate = {kind: chip[kind][c["row"]] for kind in chip}
    launch = c["launches"] * value[at["launch"]] * 1e-6 * rate["fixed"]
    work = c["aligned"] / (value[at["gmacs"]] * 1e9 * rate["work"])
    parts = {
        key: c[column] / (value[at[key]] * 1e9 * rate["traffic"])
        for key, column in (("weights_p", "weights"), ("near_p", "near"), ("far_p", "far"))
    }
    traffic = sum(parts.values())
    most = np.maximum(np.maximum(work, traffic), 1e-15)
    wp, tp = (work / most) ** a.power, (traffic / most) ** a.power
    busy = most * (wp + tp) ** (1 / a.power)
    share = np.maximum(wp + tp, 1e-300)
    busy = np.where(work + traffic > 0, busy, 0.0)
    by_work, by_traffic = busy * wp / share, busy * tp / share
    total = np.bincount(c["row"], launch + busy, a.rows)
    slows = {"fixed": chip["fixed"], "work": 1 / chip["work"], "traffic": 1 / chip["traffic"]}
    own = [(r, names[f"{s}.floor"], value[names[f"{s}.floor"]] * 1e-6, "fixed") for r, s in a.floors]
    own += [(r, i, seconds * value[i], kind) for r, i, seconds, kind in a.penalties]
    for r, _, seconds, kind in own:
        total[r] += seconds * slows[kind][r]
    if not slopes:
        return total, None
    width = len(theta)
    jac = np.zeros(a.rows * width)

    def add(rows: Array, params: Array, amounts: Array) -> None:
        keep = params >= 0
        jac[:] += np.bincount(rows[keep] * width + params[keep], amounts[keep], a.rows * width)

    rows = c["row"]
    add(rows, at["launch"], launch)
    add(rows, at["gmacs"], -by_work)
    for key, part in parts.items():
        add(rows, at[key], -by_traffic * part / np.maximum(traffic, 1e-300))
    add(rows, chip_at["work"][rows], -by_work)
    add(rows, chip_at["traffic"][rows], -by_traffic)
    add(rows, chip_at["fixed"][rows], launch)
    for kind, sign in (("fixed", 1), ("work", -1), ("traffic", -1)):
        mine = [(r, i, seconds) for r, i, seconds, k in own if k == kind]
        if mine:
            r, i, s = (np.array(col) for col in zip(*mine, strict=True))
            s = s * slows[kind][r]
            add(r, i, s)
            add(r, chip_at[kind][r], sign * s)
    return total, jac.reshape(a.rows, width)


def fit(
    runs: Sequence[Loaded],
    speeds: Sequence[Speed],
    free: Sequence[Free],
    chips: Mapping[str, Factors] | None = None,
    noise: float = 0.12,
    weights: Sequence[float] | None = None,
) -> Fitted:
    """The figures that fit the runs best. `noise` is the scatter of the logarithms that is taken for granted.

    `speeds` give the start and the form; what is not `free` stays. Several runs of one network count as `weights` say,
    else alike.
    """
    chips = dict(chips or {})
    start = _start(speeds, chips)
    names = {name: i for i, name in enumerate(start)}
    arrays = _Arrays(runs, speeds, names)
    theta = np.array([log(v) for v in start.values()])
    tied = np.zeros((len(names), len(free)))
    for j, f in enumerate(free):
        tied[[names[n] for n in (f.name, *f.also)], j] = 1
    sd = np.array([f.sd for f in free])
    target = np.log([r.run.seconds for r in runs])
    weight = np.sqrt(np.array(weights if weights is not None else [1.0] * len(runs))) / noise
    begin = np.array([theta[names[f.name]] for f in free])

    def at(x: Array) -> Array:
        return theta + tied @ (x - begin)

    def residuals(x: Array) -> Array:
        total, _ = _predict(arrays, at(x), names, slopes=False)
        return np.concatenate([_soft((np.log(total) - target) * weight), (x - begin) / sd])

    def jacobian(x: Array) -> Array:
        total, jac = _predict(arrays, at(x), names, slopes=True)
        assert jac is not None
        jac = jac @ tied
        z = (np.log(total) - target) * weight
        d = jac / total[:, None] * (weight * _soft_slope(z))[:, None]
        return np.vstack([d, np.diag(1 / sd)])

    found = least_squares(residuals, begin, jac=jacobian, method="trf", max_nfev=200, ftol=1e-5, xtol=1e-5)
    value = dict(zip(start, np.exp(at(found.x)).tolist(), strict=True))
    fitted = Fitted(tuple(_speed(i, s, value) for i, s in enumerate(speeds)), _factors(chips, value))
    check(runs, fitted)
    return fitted


_KNEE = 2.0


def _soft(z: Array) -> Array:
    """Far residuals count less: the square root of twice the pseudo-Huber loss."""
    return np.sign(z) * _KNEE * np.sqrt(2 * (np.sqrt(1 + (z / _KNEE) ** 2) - 1))


def _soft_slope(z: Array) -> Array:
    root = np.sqrt(1 + (z / _KNEE) ** 2)
    inner = np.sqrt(2 * np.maximum(root - 1, 1e-18))
    return np.where(np.abs(z) < 1e-6, 1.0, np.abs(z) / _KNEE / (root * inner))


def _speed(i: int, s: Speed, value: Mapping[str, float]) -> Speed:
    def table(name: str, given: Mapping[str, float]) -> dict[str, float]:
        return {k: value[f"{i}.{name}.{k}"] for k in given}

    penalties = tuple(_scaled(p, value[f"{i}.penalty.{p.name}"]) for p in s.penalty)
    return msgspec.structs.replace(
        s,
        floor=value[f"{i}.floor"],
        launch=table("launch", s.launch),
        gmacs=table("gmacs", s.gmacs),
        gbytes=table("gbytes", s.gbytes),
        penalty=penalties,
    )


def _scaled(p: Penalty, times: float) -> Penalty:
    return msgspec.structs.replace(p, us=p.us * times, ns_per_kb=p.ns_per_kb * times)


def _factors(chips: Mapping[str, Factors], value: Mapping[str, float]) -> dict[str, Factors]:
    return {c: Factors(value[f"chip.{c}.work"], value[f"chip.{c}.traffic"], value[f"chip.{c}.fixed"]) for c in chips}


def predict(runs: Sequence[Loaded], fitted: Fitted) -> Array:
    """Seconds of each run."""
    start = _start(fitted.speeds, fitted.chips)
    names = {name: i for i, name in enumerate(start)}
    theta = np.array([log(v) for v in start.values()])
    return _predict(_Arrays(runs, fitted.speeds, names), theta, names, slopes=False)[0]


def check(runs: Sequence[Loaded], fitted: Fitted) -> None:
    """Raises `AssertionError` where the arrays and `kernel_time` do not say the same of the first runs."""
    for loaded, seconds in zip(runs[:5], predict(runs[:5], fitted), strict=True):
        names = {f"chip.{c}.work" for c in fitted.chips}
        factors = fitted.chips.get(_scale(loaded, names), Factors())
        said, floors = 0.0, set()
        for kernel, counts in zip(loaded.kernels, loaded.penalties, strict=True):
            s = _of(fitted.speeds, kernel.unit, kernel.precision)
            speed = fitted.speeds[s]
            at = UnitSpeed(speed, loaded.target.backend, factors.work, factors.traffic, factors.fixed, 1, 1, "")
            added = {p.name: at.charge(p, ops, moved) for p, (ops, moved) in zip(speed.penalty, counts, strict=True)}
            said += kernel_time(kernel, at, added).seconds
            floors.add(s)
        said += sum(fitted.speeds[s].floor * 1e-6 * factors.fixed for s in floors)
        assert abs(said / seconds - 1) < 1e-3, (loaded.run, said, seconds)
