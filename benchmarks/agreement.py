"""Whether a contender computes what the package computes; without that its time means nothing.

Without chance (noise of scale 0, or a spike of one height at every step: the same code path) the losses of common runs
must agree to a relative distance of 1e-7. Rounding differs, and 200 steps amplify it: where the rate follows the loss a
difference in the last bit of an x can flip a comparison of two losses, which moves a rate by a tenth; what is observed
is at most a few 1e-9. Where terms cancel in the loss, the distance is relative to their size.

With chance each contender draws numbers of its own. The means over runs of the logarithms of both losses, from the same
starts, must then differ by at most five standard errors of the differences between runs, and their spreads by at most a
fifth: noise of the wrong size, or shared between runs, steps or coordinates, is seen there.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.workloads import Outcome, Workload

TOLERANCE = 1e-7
STANDARD_ERRORS, SPREAD = 5.0, 0.2


def distance(workload: Workload, found: Outcome, wanted: Outcome) -> float:
    """Largest relative distance of the losses at the end and the smallest losses."""
    scale = workload.magnitude
    return max(float(np.max(np.abs(a - b) / (np.abs(b) + scale))) for a, b in zip(found, wanted, strict=True))


def require_close(workload: Workload, name: str, found: Outcome, wanted: Outcome) -> float:
    """The distance.

    Raises:
        RuntimeError: it exceeds the tolerance.
    """
    far = distance(workload, found, wanted)
    if not far <= TOLERANCE:
        raise RuntimeError(f"{workload.name}: {name} ends {far:.1e} (relative) from this package, above {TOLERANCE:g}")
    return far


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
