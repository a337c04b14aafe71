"""One run of the robustness study's loop in torch, and ours: the order of loss, update and schedule is the same."""

from __future__ import annotations

import numpy as np
import pytest

from experiments import _as_published as study
from experiments.robustness_as_published import arms
from greedylr_theory import simulate

torch = pytest.importorskip("torch")

#: schedule -> torch's, with the arguments that the study's code comes to use
SCHEDULES = {
    "cosine": lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=200, eta_min=1e-5),
    "cosine restarts": lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
        optimizer, T_0=50, eta_min=1e-5
    ),
    "exponential": lambda optimizer: torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.95),
}
OBJECTIVES = {
    "quadratic, condition 100": lambda x: (torch.logspace(0, 2, 15, dtype=torch.float64) * x**2).sum(),
    "Rosenbrock, d = 5": lambda x: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(),
    "Rastrigin": lambda x: 10 * len(x) + (x**2 - 10 * torch.cos(2 * torch.pi * x)).sum(),
    "Ackley": lambda x: (
        -20 * torch.exp(-0.2 * torch.sqrt((x**2).sum() / len(x)))
        - torch.exp(torch.cos(2 * torch.pi * x).sum() / len(x))
        + 20
        + torch.e
    ),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("problem", OBJECTIVES)
def test_a_run_of_the_study_has_the_losses_of_its_loop(problem, schedule):
    run = arms()[f"unmatched/{problem}/{schedule}/gaussian"]
    start = run.start.points_for(run.objective, np.zeros(1, dtype=np.uint64))[:, 0]
    ours = simulate([run], stride=1)
    x = torch.tensor(start.copy(), requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=study.LR0)
    scheduler = SCHEDULES[schedule](optimizer)
    noise = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(study.STEPS):
        optimizer.zero_grad()
        loss = OBJECTIVES[problem](x)
        (loss + 0.5 * torch.randn((), generator=noise, dtype=torch.float64)).backward()  # an added number
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    # rounding of other orders of summation, grown over 200 steps
    assert ours.loss[0] == pytest.approx(losses, rel=1e-6, abs=1e-9)
    assert ours.final_loss[0] == pytest.approx(losses[-1], rel=1e-6)
