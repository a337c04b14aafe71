"""Whether a contender computes what the package computes; without that its time means nothing.

Without chance (noise of scale 0, or a spike of one height at every step: the same code path) the losses of common runs
must agree to a relative distance of 1e-12 in nine runs of ten, and of 1e-6 in all. Sums in another order differ by a
few 1e-16, and most runs end a few 1e-15 apart. But a rate that follows the loss climbs until the loss rises, so that
some runs spend many steps where rounding errors grow; among thousands of runs the worst were 4e-8 apart. Where terms
cancel in the loss (Rastrigin, Ackley), the distance is relative to their size.

With chance each contender draws numbers of its own. The means over runs of the logarithms of both losses, from the same
starts, must then differ by at most five standard errors of the differences between runs, and their spreads by at most a
fifth: noise of the wrong size, or shared between runs, steps or coordinates, is seen there.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.workloads import Floats, Outcome, Workload

TYPICAL, SHARE, TOLERANCE = 1e-12, 0.9, 1e-6
STANDARD_ERRORS, SPREAD = 5.0, 0.2


def distances(workload: Workload, found: Outcome, wanted: Outcome) -> Floats:
    """Relative distance of each run (R,): the larger of those of the loss at the end and of the smallest loss."""
    scale = workload.magnitude
    return np.max([np.abs(a - b) / (np.abs(b) + scale) for a, b in zip(found, wanted, strict=True)], axis=0)


def require_close(workload: Workload, name: str, found: Outcome, wanted: Outcome) -> float:
    """The largest distance.

    Raises:
        RuntimeError: it exceeds the tolerance, or more than a tenth of the runs are not as close as is typical.
    """
    far = distances(workload, found, wanted)
    worst, typical = float(np.max(far)), float(np.quantile(far, SHARE, method="lower"))
    if not (worst <= TOLERANCE and typical <= TYPICAL):
        raise RuntimeError(
            f"{workload.name}: {name} ends {worst:.1e} (relative) away from this package in the worst run and "
            f"{typical:.1e} in one of ten, above {TOLERANCE:g} or {TYPICAL:g}"
        )
    return worst


def noise_deviation(found: Outcome, wanted: Outcome) -> tuple[float, float]:
    """Largest deviation of the means of log losses, in standard errors, and of their spreads, relative."""
    errors, spreads = [0.0], [0.0]
    for a, b in zip(found, wanted, strict=True):
        ours, theirs = np.log(b), np.log(a)
        difference = theirs - ours
        error = difference.std() / math.sqrt(difference.size)
        if error > 0.0:
            errors.append(abs(difference.mean()) / error)
            spreads.append(abs(theirs.std() / ours.std() - 1.0))
    return float(max(errors)), float(max(spreads))


def require_same_law(workload: Workload, name: str, found: Outcome, wanted: Outcome) -> float:
    """The deviation of the means in standard errors.

    Raises:
        RuntimeError: means or spreads differ by more than chance explains.
    """
    errors, spread = noise_deviation(found, wanted)
    if not (errors <= STANDARD_ERRORS and (spread <= SPREAD or found.end.size < 256)):
        raise RuntimeError(
            f"{workload.name}: with noise the log losses of {name} are {errors:.1f} standard errors from this "
            f"package's, and their spread differs by {spread:.0%}"
        )
    return errors
