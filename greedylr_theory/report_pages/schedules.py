"""The page on schedules that follow from theory."""

from __future__ import annotations

from greedylr_theory.pages import Page

PAGE = Page(
    name="schedules",
    title="Schedules from theory: linear decay, last iterates, refinement, worst cases",
    introduction=(
        "Which schedule does theory recommend for a problem, how good can any schedule be, what does the sequence of "
        "gradient norms of a run say, and is it worth following? The statements of arXiv 2310.07831 on the last "
        "iterate and on refined schedules are settled, exact worst cases say what each class of functions allows, and "
        "training again with the refined schedule says whether it pays."
    ),
    topics=("schedules",),
    experiments=("retraining", "refined_schedules"),
    shown=("last_iterate_bounds", "smooth_worst_case"),
)
