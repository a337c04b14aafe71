"""The search: a checkpoint, candidates from a Gaussian process, a forecast for each, the best one applied.

Choices where the paper leaves room or the published code differs:

- Candidates meet the very noise of the steps that the chosen rate is then applied to, since noise is a function of the
  step; in the published code the data moves on from candidate to candidate.
- The published acquisition weighs the standard deviation by 10^6, so that it fills the range evenly whatever it finds;
  that is the default of `exploration`. A value near 2 weighs both.
- The last stage takes what is left of the run; a rest too short to look ahead in keeps the rate before it, and so does
  a run that has diverged.
- A candidate that diverges has an infinite forecast (10^6 there). To the Gaussian process no forecast is worse than
  the loss at the checkpoint by more than the best one is better, lest one large number flatten all others.
- Forecasts are of the observed loss, noise included; the published code changes to the validation loss late in a run.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.autolrs.forecast import SHORTEST, fit
from greedylr_theory.objectives._blas import single_thread
from greedylr_theory.params import NONNEGATIVE, POSITIVE, Interval, Parametrised, param
from greedylr_theory.schedulers.constant import Constant
from greedylr_theory.schedulers.reduce_on_plateau import ReduceOnPlateau
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.session import Session
from greedylr_theory.simulation.simulate import Trajectory

_COUNT = Interval.left_closed(1, np.inf)
#: rates among which the acquisition is minimised, evenly spaced in their logarithm
_GRID = 1001


@dataclass(frozen=True)
class Stage:
    """Steps first <= t < last at one rate, and how it was found.

    candidates, forecasts: rates in the order in which they were tried, and the loss forecast for the end of the stage,
    infinite where the candidate diverged. `looked_ahead`: steps that each of them was run for.
    """

    first: int
    last: int
    rate: float
    candidates: tuple[float, ...]
    forecasts: tuple[float, ...]
    looked_ahead: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """stages in order; trajectory of the run at stride 1; steps_spent: updates made, those rolled back included."""

    stages: tuple[Stage, ...]
    trajectory: Trajectory
    steps_spent: int

    @property
    def rates(self) -> tuple[float, ...]:
        """The rate of each stage."""
        return tuple(stage.rate for stage in self.stages)


@dataclass(frozen=True)
class AutoLRS(Parametrised):
    """Search for one constant rate per stage by Bayesian optimisation.

    In each stage of tau steps `candidates` rates are run for tau / look_ahead steps from a checkpoint, the loss after
    tau steps is forecast from each (`fit`), and the rate with the best forecast is applied. tau doubles from stage to
    stage. The first rate is drawn, the others minimise the lower confidence bound mean - exploration (standard
    deviation) of a Gaussian process (Matern 5/2 and noise) over the logarithm of the rate.

    Args:
        low, high: range of rates, in length^2 / loss.
        candidates: rates tried in each stage.
        stage: tau of the first stage, in steps.
        longest: tau at which the doubling ends.
        look_ahead: tau over the steps that a candidate is run for.
        exploration: weight of the standard deviation.
        floor: a loss that cannot be fallen below, such as 0; None, as in the paper: not known.
        seed: of the first candidate of each stage; same seed, same bits (on one machine
            with one version of scikit-learn).

    Raises:
        ValueError: a value lies outside its domain, low is not below high, or stages are too short to look ahead in.

    Source: arXiv 2105.10762, Algorithm 1, and the code published with it.

    >>> from greedylr_theory.objectives import Quadratic
    >>> run = Run(Quadratic(eigenvalues=(1.0,)), scheduler=Constant(), start=(1.0,), lr0=1.0, steps=120)
    >>> outcome = AutoLRS(low=1e-3, high=1.0, candidates=4, stage=40, longest=80).drive(run)
    >>> [(stage.first, stage.last) for stage in outcome.stages], outcome.steps_spent
    ([(0, 40), (40, 120)], 168)
    """

    low: float = param(symbol=r"\gamma_{low}", domain=POSITIVE, unit="length^2/loss", doc="smallest rate")
    high: float = param(symbol=r"\gamma_{high}", domain=POSITIVE, unit="length^2/loss", doc="largest rate")
    candidates: int = param(10, symbol="k", domain=_COUNT, doc="rates tried in each stage", kind="int")
    stage: int = param(1000, symbol=r"\tau", domain=_COUNT, unit="steps", doc="first stage", kind="int")
    longest: int = param(8000, symbol=r"\tau_{max}", domain=_COUNT, unit="steps", doc="longest stage", kind="int")
    look_ahead: int = param(10, symbol=r"\tau/\tau'", domain=_COUNT, doc="stage over steps of a candidate", kind="int")
    exploration: float = param(1e6, symbol=r"\kappa_{LCB}", domain=NONNEGATIVE, doc="weight of the standard deviation")
    floor: float | None = param(
        None, symbol="c_{min}", unit="loss", doc="what the loss cannot fall below", optional=True
    )
    seed: int = param(0, symbol="seed", domain=Interval.left_closed(0, 2.0**32), doc="of the search", kind="int")

    def check(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"AutoLRS.low must be below high, got {self.low!r} and {self.high!r}")
        if self.stage < SHORTEST * self.look_ahead:
            raise ValueError(
                f"AutoLRS.stage must be at least {SHORTEST * self.look_ahead} steps for {SHORTEST} losses of each "
                f"candidate, got {self.stage}"
            )

    def drive(self, run: Run) -> Outcome:
        """The run, its rate chosen stage by stage; its lr0 is not used.

        Raises:
            ModuleNotFoundError: scikit-learn is not installed.
            ValueError: the run has a scheduler of its own, or is too short for one stage.
        """
        _gaussian_process()
        if not isinstance(run.scheduler, Constant):
            raise ValueError(f"AutoLRS sets the rate itself: Run.scheduler must be Constant(), got {run.scheduler!r}")
        if run.steps < SHORTEST * self.look_ahead:
            raise ValueError(f"Run.steps must be at least {SHORTEST * self.look_ahead} for AutoLRS, got {run.steps}")
        # a rule that holds whatever rate it is given, since its count cannot exceed the number of steps
        session = Session([run.replaced("scheduler", ReduceOnPlateau(patience=run.steps))], stride=1)
        stages: list[Stage] = []
        spent, tau = run.steps, self.stage
        while session.step < run.steps:
            first, length = session.step, min(tau, run.steps - session.step)
            ahead = length // self.look_ahead
            if ahead >= SHORTEST and not session.trajectory().diverged[0]:
                candidates, forecasts = self._search(session, len(stages), length, ahead)
                # of rates that all diverge, the smallest
                order = forecasts if min(forecasts) < math.inf else candidates
                rate = candidates[order.index(min(order))]
            else:
                candidates, forecasts, ahead, rate = [], [], 0, stages[-1].rate
            session.rates = rate
            session.advance(length)
            spent += ahead * len(candidates)
            stages.append(Stage(first, first + length, rate, tuple(candidates), tuple(forecasts), ahead))
            tau = min(2 * tau, max(self.longest, self.stage))
        return Outcome(tuple(stages), session.trajectory(), spent)

    def _search(self, session: Session, number: int, length: int, ahead: int) -> tuple[list[float], list[float]]:
        """Candidates and their forecasts; the session is where it was."""
        source = np.random.default_rng([self.seed, number])
        shares = np.linspace(0.0, 1.0, _GRID)
        tried: list[int] = [int(source.integers(_GRID))]
        rates: list[float] = []
        forecasts: list[float] = []
        checkpoint, begin = session.checkpoint(), math.nan
        while True:
            rates.append(self._rate(float(shares[tried[-1]])))
            session.rates = rates[-1]
            session.advance(ahead)
            losses = session.trajectory().observed[0, int(checkpoint["step"]) :][:ahead]
            session.restore(checkpoint)
            begin = float(losses[0])
            forecasts.append(fit(losses, self.floor).at(length) if np.all(np.isfinite(losses)) else math.inf)
            if len(rates) == self.candidates:
                return rates, forecasts
            bound = self._lower_bound(shares, tried, _bounded(forecasts, begin))
            bound[tried] = math.inf
            tried.append(int(np.argmin(bound)))

    def _rate(self, share: float) -> float:
        low, high = math.log(self.low), math.log(self.high)
        return min(self.high, max(self.low, math.exp(low + share * (high - low))))

    def _lower_bound(
        self, shares: NDArray[np.float64], tried: list[int], values: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        process = _gaussian_process()
        with single_thread(), warnings.catch_warnings():
            # a length or a noise at the end of its range says that few points do not determine it
            warnings.simplefilter("ignore", UserWarning)
            process.fit(shares[tried, None], values)
            mean, deviation = process.predict(shares[:, None], return_std=True)
        return mean - self.exploration * deviation


def _bounded(forecasts: list[float], begin: float) -> NDArray[np.float64]:
    if not math.isfinite(begin):  # the stage begins where the run ends, and so does every candidate
        return np.zeros(len(forecasts))
    finite = [value for value in forecasts if value < math.inf]
    worst = begin + abs(begin - min(finite, default=begin))
    return np.minimum(forecasts, worst)


def _gaussian_process() -> Any:
    try:
        from sklearn import gaussian_process
    except ImportError:
        raise ModuleNotFoundError("AutoLRS needs scikit-learn: pip install 'greedylr-theory[data]'") from None
    kernels = gaussian_process.kernels
    kernel = kernels.ConstantKernel(1.0, (1e-2, 1e3)) * kernels.Matern(0.2, (1e-2, 10.0), nu=2.5)
    kernel += kernels.WhiteKernel(1e-4, (1e-8, 1.0))
    return gaussian_process.GaussianProcessRegressor(kernel, normalize_y=True)
