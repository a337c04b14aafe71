"""Where hypothesis looks: values from the declared domains, whole plug-ins, metrics, and runs.

Strategies are built from the declarations, so a new parameter or plug-in is searched without a line here.
"""

from __future__ import annotations

import dataclasses
import math
import random
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from greedylr_theory import LogUniform, Run, StandardNormal, load
from greedylr_theory.contracts import Plugin
from greedylr_theory.params import Choice, Interval, Parameter
from greedylr_theory.schedulers import Exponential, GreedyBest, GreedyPrevious, Polyak, Step, Warmup

SCHEDULERS: dict[str, Any] = load("greedylr_theory.schedulers")
OPTIMIZERS: dict[str, Any] = load("greedylr_theory.optimizers")
PERTURBATIONS: dict[str, Any] = load("greedylr_theory.perturbations")

#: numbers at which rules like these change their mind, from one end of the float64 range to the other
LANDMARKS = (
    0.0, 5e-324, 1e-300, 1e-9, 1e-8, 1e-6, 1e-3, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.999, 1.0, 1.5, 2.0, 7.0,
    100.0, 1e10, 1e154, 1e300, math.inf,
)  # fmt: skip


def numbers(domain: Interval) -> st.SearchStrategy[float]:
    """Ordinary numbers, landmarks, and binary fractions that lead to ties, each of them often."""
    low, high = max(domain.low, -1e3), min(domain.high, 1e3)
    ordinary = st.floats(low, high, allow_nan=False).filter(lambda value: value in domain)
    landmarks = [sign * value for sign in (1.0, -1.0) for value in LANDMARKS if sign * value in domain]
    fractions = [value for value in (0.5, 0.25, 1.0) if value in domain]
    return st.one_of(ordinary, *[st.sampled_from(found) for found in (landmarks, fractions) if found])


def values(declared: Parameter, groups: int = 1) -> st.SearchStrategy[Any]:
    """Legal values of one parameter; counts stay small, so that short runs get past them."""
    if isinstance(declared.domain, Choice):
        return st.sampled_from(declared.domain.options)
    domain: Interval = declared.domain
    if declared.kind == "bool":
        found: st.SearchStrategy[Any] = st.booleans()
    elif declared.kind == "int":
        found = st.sampled_from([value for value in (0, 1, 2, 3, 5, 10, 50) if value in domain])
    elif declared.kind == "per_group" and groups > 1:
        found = numbers(domain) | st.tuples(*[numbers(domain)] * groups)
    elif declared.kind == "vector":
        found = st.lists(numbers(domain), min_size=1, max_size=4).map(tuple)
    else:
        found = numbers(domain)
    return st.none() | found if declared.optional else found


def _rules() -> st.SearchStrategy[Any]:
    return st.sampled_from([GreedyBest(patience=0), GreedyPrevious(factor=0.5), Exponential(0.9), Step(2)])


def _fixed() -> st.SearchStrategy[Any]:
    return st.sampled_from([Exponential(0.9), Step(2), Exponential(0.0), Warmup(Exponential(0.5), length=3)])


#: fields whose values depend on each other or on the length of the run
TOGETHER: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Chebyshev": {"condition": st.sampled_from([1.0, 1.5, 100.0]) | st.floats(1.0, 1e12)},
    "Chained": {"schedules": st.lists(_fixed(), min_size=1, max_size=3).map(tuple)},
    "MultiStep": {"milestones": st.lists(st.integers(1, 30).map(float), min_size=1, max_size=4).map(tuple)},
    "OneCycle": {"total": st.none()},
    "OneCycleMomentum": {"total": st.none()},
    "Piecewise": {"milestones": st.just((2.0, 9.0)), "factors": st.tuples(*[st.floats(0.0, 3.0)] * 3)},
    "Sequential": {
        "stages": st.tuples(_rules(), _rules()),
        "milestones": st.sampled_from([(1.0,), (3.0,), (20.0,), (400.0,)]),
    },
    "Warmup": {"after": _rules()},
}


@st.composite
def plugins(draw: st.DrawFn, plugin: type[Plugin], groups: int = 1) -> Any:
    """One plug-in with every parameter drawn from its domain, or left at its default."""
    fields: dict[str, Any] = {}
    for name, declared in plugin.parameters():
        required = (
            next(entry.default for entry in dataclasses.fields(plugin) if entry.name == name) is dataclasses.MISSING
        )
        given = TOGETHER.get(plugin.__name__, {}).get(name)
        if given is not None:
            fields[name] = draw(given)
        elif required or draw(st.booleans()):
            fields[name] = draw(values(declared, groups))
    try:
        return plugin(**fields)
    except ValueError:
        reject()  # parameters that contradict each other, such as min_lr above max_lr


#: positive finite rates, the extreme ones among them
RATES = numbers(Interval.open(0, math.inf))

METRIC = (
    st.sampled_from([0.0, -0.0, 1.0, 2.0, -1.0, 1e-6, 0.5, 3.0, 1e308, -1e308, 5e-324])
    | st.sampled_from([math.nan, math.inf, -math.inf])
    | st.floats(-10, 10)
    | st.floats()
)


@st.composite
def metrics(draw: st.DrawFn) -> list[float]:
    """Anything at all, or a long series of the kinds that training logs: cheap to draw, as it comes from a seed."""
    if draw(st.booleans()):
        return draw(st.lists(METRIC, min_size=1, max_size=30))
    kind = draw(st.sampled_from(["descent", "walk", "levels", "spikes", "cancelling"]))
    return series(kind, draw(st.integers(0, 2**32)), draw(st.integers(1, 200)))


def series(kind: str, seed: int, length: int) -> list[float]:
    """Noisy descents, random walks, few levels with many ties, a plateau with spikes, or values so large that the
    order of additions in a running sum shows; a NaN now and then."""
    source = random.Random(seed)
    level, ratio, noise = (
        source.choice([1.0, 50.0, -1.0]),
        source.choice([0.9, 0.99, 1.0]),
        source.choice([0.0, 0.01, 1.0]),
    )
    odd = source.choice([0.0, 0.0, 0.02])
    found: list[float] = []
    for _ in range(length):
        level = {
            "descent": level * ratio,
            "walk": level + source.gauss(-noise, 0.5),
            "levels": source.choice([0.5, 1.0, 1.5, 2.0]),
            "cancelling": source.choice([0.5, 1.0, 1.0, 2.0, 1e16, -1e16]),
            "spikes": 1.0 if source.random() < 0.9 else 30.0 * source.random(),
        }[kind]
        value = level + noise * source.gauss(0.0, 0.1) if kind not in ("levels", "cancelling") else level
        found.append(source.choice([math.nan, math.inf, -math.inf]) if source.random() < odd else value)
    return found


@st.composite
def objectives(draw: st.DrawFn) -> Any:
    """Objectives of one to four coordinates whose kernels sum in a fixed order."""
    from greedylr_theory import objectives as found

    kind = draw(st.sampled_from(["quadratic", "quadratic", "bowl", "rosenbrock", "waves", "hinges", "resisting"]))
    scale = draw(st.sampled_from([1e-3, 1.0, 50.0]))
    dimension = draw(st.integers(1, 4))
    if kind == "bowl":
        bowl = draw(st.sampled_from([found.Huber, found.LogCosh]))
        return bowl(dimension=dimension, radius=draw(st.sampled_from([0.1, 1.0])), curvature=scale)
    if kind == "waves":
        ackley = found.Ackley(dimension=dimension, height=scale, decay=draw(st.sampled_from([0.2, 3.0])))
        rastrigin = found.Rastrigin(
            dimension=dimension, amplitude=draw(st.sampled_from([0.0, 0.05, 10.0])), scale=scale
        )
        return draw(st.sampled_from([ackley, rastrigin, found.TwoSample(curvature=scale, offset=scale)]))
    if kind == "hinges":
        entries = st.sampled_from([-1.0, -0.5, 0.0, 0.3, 2.0])
        rows = draw(st.lists(st.tuples(*[entries] * dimension), min_size=1, max_size=18))
        return found.SquaredHinges(features=tuple(rows), thresholds=(0.1 * scale,) * len(rows))
    if kind == "resisting":
        return found.Resisting(slopes=tuple(draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=1, max_size=4))))
    if kind == "rosenbrock":
        return found.Rosenbrock(dimension=dimension + 1, scale=scale)
    eigenvalues = draw(st.lists(st.sampled_from([0.0, 0.1, 1.0, 10.0, 1e3, 1e200]), min_size=1, max_size=4))
    target = draw(st.just(()) | st.tuples(*[st.floats(-5, 5)] * len(eigenvalues)))
    if draw(st.booleans()):
        return found.RotatedQuadratic(eigenvalues=tuple(eigenvalues), target=target, seed=draw(st.integers(0, 9)))
    return found.Quadratic(eigenvalues=tuple(eigenvalues), target=target)


@st.composite
def sums(draw: st.DrawFn) -> Any:
    """Least squares, all samples, minibatches of one size, or of a size that may grow."""
    from greedylr_theory.objectives import LeastSquares

    entry = st.sampled_from([0.0, 1.0, -2.0, 0.1, 1e155])
    n, d = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    features = draw(st.tuples(*[st.tuples(*[entry] * d)] * n))
    batch = draw(st.none() | st.integers(1, n))
    largest = None if batch is None else draw(st.none() | st.integers(batch, n))
    return LeastSquares(features, draw(st.tuples(*[entry] * n)), batch, largest)


@st.composite
def runs(draw: st.DrawFn, scheduler: type[Plugin]) -> Run:
    """A whole specification with a given kind of scheduler."""
    perturbation = draw(st.sampled_from([*PERTURBATIONS.values()]).flatmap(plugins))
    objective = draw(sums() if perturbation.relabels or draw(st.integers(0, 4)) == 4 else objectives())
    rule = draw(plugins(scheduler))
    if scheduler is Polyak and rule.minimum is None and not math.isfinite(objective.minimum):
        reject()  # targets whose squares overflow: the rule asks for f*
    points = st.tuples(*[numbers(Interval.open(-math.inf, math.inf))] * objective.dim)
    rules = st.builds(StandardNormal, seed=st.integers(0, 5), scale=st.sampled_from([0.1, 1.0, 1e100]))
    return Run(
        objective,
        optimizer=draw(st.sampled_from([*OPTIMIZERS.values()]).flatmap(plugins)),
        scheduler=rule,
        perturbation=perturbation,
        start=draw(rules | points),
        lr0=draw(st.sampled_from([0.1, 0.01, 1e-3]) | RATES | st.builds(LogUniform, st.just(1e-4), st.just(10.0))),
        steps=draw(st.integers(1, 45)),
        ordering=getattr(scheduler, "ordering", None) or draw(st.sampled_from(["before_update", "after_update"])),
        replicate=draw(st.integers(0, 2**32 - 1)),
    )
