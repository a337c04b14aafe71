"""Perceptron beside torch's autograd, its default start, and training with its gradients."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from greedylr_theory import Run, ScaledUniform, simulate
from greedylr_theory.objectives import Perceptron
from greedylr_theory.schedulers import Constant
from tests.contract._examples import TWO_CLASSES, evaluated, sample
from tests.naive.objectives import chosen_indices

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def single_thread() -> Any:
    """The threads of products this small would mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network(objective: Any) -> Any:
    """The same network in double precision."""
    layers: list[Any] = []
    for inner, outer in itertools.pairwise(objective.widths):
        bend = torch.nn.Tanh if objective.activation == "tanh" else torch.nn.ReLU
        layers += [torch.nn.Linear(inner, outer, dtype=torch.float64), bend()]
    return torch.nn.Sequential(*layers[:-1])


def by_torch(objective: Any, x: Any, rows: Any) -> tuple[float, Any]:
    """Loss and gradient at x on some rows of the data."""
    net = network(objective)
    torch.nn.utils.vector_to_parameters(torch.tensor(x), net.parameters())
    measure = {"squared": torch.nn.MSELoss, "logistic": torch.nn.SoftMarginLoss}[objective.loss]()
    data = torch.tensor(objective.data[rows])
    loss = measure(net(data[:, :-1]), data[:, -1:])
    loss.backward()
    return float(loss.detach()), torch.nn.utils.parameters_to_vector([entry.grad for entry in net.parameters()]).numpy()


OBJECTIVES = {
    "study": Perceptron(),
    "study with tanh": Perceptron(activation="tanh", seed=3),
    "deep": Perceptron(hidden=(7.0, 5.0, 6.0, 3.0), inputs=9, samples=50, loss="logistic"),
    "one unit": Perceptron(hidden=(1.0,), inputs=2, samples=9, activation="tanh"),
    "a file": Perceptron(TWO_CLASSES, hidden=(11.0, 2.0), activation="tanh", loss="logistic"),
}


@pytest.mark.parametrize("batch", [None, 6])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_value_and_gradient_equal_those_of_autograd(name: str, batch: int | None) -> None:
    objective = OBJECTIVES[name].with_value("batch", batch)
    x = ScaledUniform(seed=4, scale=1.5).points_for(objective, np.arange(3, dtype=np.uint64))
    loss, gradient = evaluated(objective, x)
    rows: Any = slice(None) if batch is None else chosen_indices(len(objective.data), batch, sample(objective).tolist())
    for lane in range(3):
        value, slopes = by_torch(objective, x[:, lane], rows)
        # sums of up to 500 terms round differently on both sides; the largest slope sets the scale where they cancel
        np.testing.assert_allclose(loss[lane], value, rtol=1e-13)
        np.testing.assert_allclose(gradient[:, lane], slopes, rtol=1e-12, atol=1e-14 * np.max(np.abs(slopes)))


def test_training_goes_the_way_of_torch_gradients() -> None:
    objective = Perceptron(samples=100)
    run = Run(objective, scheduler=Constant(), start=ScaledUniform(), lr0=0.05, steps=40)
    trajectory = simulate([run], stride=1)
    net = network(objective)
    x = ScaledUniform().points_for(objective, np.zeros(1, dtype=np.uint64))[:, 0]
    torch.nn.utils.vector_to_parameters(torch.tensor(x), net.parameters())
    measure, data = torch.nn.MSELoss(), torch.tensor(objective.data)
    losses: list[float] = []
    for _ in range(40):
        net.zero_grad()
        loss = measure(net(data[:, :-1]), data[:, -1:])
        loss.backward()
        with torch.no_grad():
            for entry in net.parameters():
                entry -= 0.05 * entry.grad
        losses.append(float(loss.detach()))
    # differences of 1e-16 grow along the way, by a small factor at this rate
    np.testing.assert_allclose(trajectory.loss[0], losses, rtol=1e-12)
    end = torch.nn.utils.parameters_to_vector(net.parameters()).detach().numpy()
    np.testing.assert_allclose(trajectory.x_end[0], end, rtol=1e-10, atol=1e-13)
    assert trajectory.loss[0, -1] < 0.9 * trajectory.loss[0, 0]


def test_the_scaled_uniform_start_has_the_law_of_torch() -> None:
    """Weights and biases of every layer: both samples pass as uniform on the same range, and not on one 3 % wider."""
    objective = Perceptron(inputs=30, samples=1, hidden=(40.0, 10.0))
    torch.manual_seed(0)
    drawn = [torch.nn.utils.parameters_to_vector(network(objective).parameters()).detach().numpy() for _ in range(60)]
    ours = ScaledUniform().points_for(objective, np.arange(60, dtype=np.uint64)).T
    edges = np.cumsum([0, *(outer * (inner + 1) for inner, outer in itertools.pairwise(objective.widths))])
    for points in (np.array(drawn), ours):
        for first, last, inner in zip(edges, edges[1:], objective.widths, strict=False):
            part = points[:, first:last].ravel() * math.sqrt(inner)
            assert np.max(np.abs(part)) <= 1.0
            assert stats.kstest(part, stats.uniform(-1, 2).cdf).pvalue > 1e-4
            if part.size > 20_000:
                assert stats.kstest(part, stats.uniform(-1.03, 2.06).cdf).pvalue < 1e-4
