"""AutoLRS (arXiv 2105.10762): a training run that searches its own step size, stage by stage."""

from __future__ import annotations

from greedylr_theory.autolrs.driver import AutoLRS, Outcome, Stage
from greedylr_theory.autolrs.forecast import Exponential, fit

__all__ = ["AutoLRS", "Exponential", "Outcome", "Stage", "fit"]
