"""The page on the robustness study."""

from __future__ import annotations

from greedylr_theory.pages import Page
from paper_figures._out_of_reach import OUT_OF_REACH

PAGE = Page(
    name="robustness",
    title="The robustness study: as published, and with equal tuning",
    introduction=(
        "Does GreedyLR help when training is perturbed, compared with tuned alternatives? The study of 8,100 runs in "
        "arXiv 2512.14527 is replayed as published on the problems that this package simulates, the claims say what "
        "its protocol measures, and a study with matched starts and noise, perturbations that reach the run, and the "
        "same tuning budget for every schedule asks the question again."
    ),
    claims=(
        "noise_added_to_the_loss",
        "perturbation_channels",
        "study_momentum_has_no_effect",
        "figure_4_caption",
        "figure_4_reduction",
    ),
    experiments=(),
    shown=(),
    out_of_reach=OUT_OF_REACH,
)
