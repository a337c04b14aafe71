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
        "figure_4_caption",
        "figure_4_reduction",
        "pooled_medians_allow_losing",
        "pooled_medians_near_no_learning",
        "table_12_clean_conditions",
        "table_12_sample_sizes",
        "table_13_against_figure_4",
    ),
    topics=("perturbations",),
    experiments=(
        "robustness_fair",
        "recovery",
        "robustness_as_published",
        "perceptron_as_published",
        "recovery_as_published",
        "f_sweep_finite_sums",
    ),
    out_of_reach=OUT_OF_REACH,
)
