"""Session: a simulation that stops, looks back, is saved, and goes on to the bit."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.contracts import Floats
from greedylr_theory.files import replace_file
from greedylr_theory.params import canonical_json
from greedylr_theory.simulation.blocks import Blocks
from greedylr_theory.simulation.packed import packed
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import LANES, Trajectory

#: raise it when the arrays of a checkpoint or their meaning change
FORMAT = 1


class Session:
    """R runs that are advanced a few steps at a time.

    The state of everything (iterate, optimizer, scheduler, perturbation, summaries) can be taken, put back and kept
    in a file; noise is a function of the step, so that what follows is the same to the bit.

    Args:
        runs: as for `simulate`.
        stride: as for `simulate`.
        tolerance: as for `simulate`.

    Raises:
        ValueError: as `simulate`.

    >>> from greedylr_theory.objectives import Quadratic
    >>> from greedylr_theory.schedulers import GreedyBest
    >>> run = Run(Quadratic(eigenvalues=(1.0, 4.0)), scheduler=GreedyBest(patience=0), lr0=0.1, steps=20)
    >>> session = Session([run])
    >>> session.advance(10)
    >>> taken = session.checkpoint()
    >>> session.advance(5)
    >>> session.restore(taken)
    >>> session.step
    10
    """

    def __init__(self, runs: Sequence[Run], *, stride: int = 0, tolerance: float = 1e-6) -> None:
        collected = packed(runs, with_minimum=True)
        width = min(LANES, -(-collected.lr0.size // 8) * 8)
        self._blocks = Blocks.of(collected, slice(0, collected.lr0.size), stride, width)
        self._stride, self._tolerance = stride, float(tolerance)
        specifications = [run.specification() for run in runs]
        data = collected.base.objective.data_digest
        self._digest = hashlib.sha256(canonical_json([specifications, data, stride, tolerance]).encode()).hexdigest()
        self.step = 0

    @property
    def steps(self) -> int:
        """T of the runs."""
        return self._blocks.base.steps

    @property
    def loss(self) -> Floats:
        """Last recorded loss (R,): f at the iterate before the last update; NaN before the first step."""
        return self._blocks.results()["final_loss"].copy()

    @property
    def x(self) -> Floats:
        """Current iterates (R, d)."""
        return self._blocks.results()["x_end"].copy()

    @property
    def rates(self) -> Floats:
        """Step sizes (R,) that the next update uses, unless a rule that is stepped before it changes them.

        They can be set, to finite numbers of at least 0: one for all runs or one for each. A rule goes on from
        them; a schedule is back in its table one step later.
        """
        return self._blocks.lr.reshape(-1)[: self._blocks.count].copy()

    @rates.setter
    def rates(self, rates: Any) -> None:
        count = self._blocks.count
        try:
            values = np.broadcast_to(np.asarray(rates, dtype=np.float64), count)
        except (TypeError, ValueError):
            values = np.array([np.nan])
        if not (np.all(np.isfinite(values)) and np.all(values >= 0.0)):
            raise ValueError(f"rates must be one finite number of at least 0, or {count} of them, got {rates!r}")
        lanes = self._blocks.lr.reshape(-1)
        lanes[:count] = values
        lanes[count:] = values[-1]

    def advance(self, steps: int | None = None) -> None:
        """Make `steps` more updates (all that are left by default).

        Raises:
            ValueError: fewer than that are left, or it is no integer of at least 0.
        """
        left = self.steps - self.step
        wanted: Any = left if steps is None else steps
        if not isinstance(wanted, int | np.integer) or not 0 <= wanted <= left:
            raise ValueError(
                f"steps must be an integer in [0, {left}], what is left of the {self.steps} steps, got {steps!r}"
            )
        if wanted:
            span = (self.step, self.step + wanted, self.steps)
            self._blocks.advance(span, self._stride, self._tolerance)
        self.step += wanted

    def trajectory(self) -> Trajectory:
        """What the runs have done so far; complete once `step` equals `steps`."""
        # copies: with one block the rows are views of what the next step or a restore overwrites
        return Trajectory(**{name: array.copy() for name, array in self._blocks.results().items()})

    def checkpoint(self) -> dict[str, NDArray[Any]]:
        """A copy of everything that moves."""
        moving = {name: array.copy() for name, array in self._moving().items()}
        return {"step": np.array(self.step), **moving}

    def restore(self, checkpoint: dict[str, NDArray[Any]]) -> None:
        """Go back (or forward) to a checkpoint of the same runs.

        Raises:
            ValueError: its arrays are not those of these runs.
        """
        moving = self._moving()
        shapes = {name: array.shape for name, array in checkpoint.items() if name != "step"}
        if "step" not in checkpoint or shapes != {name: array.shape for name, array in moving.items()}:
            raise ValueError(f"the checkpoint must belong to the same runs, got arrays of shapes {shapes}")
        for name, array in moving.items():
            array[...] = checkpoint[name]
        self.step = int(checkpoint["step"])

    def save(self, path: str | Path) -> None:
        """Write a checkpoint (NumPy's npz, no pickle) with a digest of the runs; never half a file."""
        buffer = io.BytesIO()
        header = json.dumps({"format": FORMAT, "runs": self._digest})
        arrays: dict[str, Any] = {"header": np.array(header), **self.checkpoint()}
        np.savez(buffer, **arrays)
        replace_file(Path(path), buffer.getvalue())

    def load(self, path: str | Path) -> None:
        """Go on from a file that `save` wrote for the same runs.

        Raises:
            OSError: there is no such file, or it cannot be read.
            ValueError: the file is not a checkpoint, is damaged, or belongs to other runs. Nothing has changed.
        """
        content = io.BytesIO(Path(path).read_bytes())
        try:
            with np.load(content, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            header = json.loads(str(arrays.pop("header")))
        except Exception as error:  # a damaged archive makes NumPy and zipfile raise almost anything
            raise ValueError(f"{path} must be a file that Session.save wrote ({_first_line(error)})") from None
        if header != {"format": FORMAT, "runs": self._digest}:
            raise ValueError(f"{path} must be a checkpoint of the same runs and options, but its digest differs")
        self.restore(arrays)

    def _moving(self) -> dict[str, NDArray[Any]]:
        blocks = self._blocks
        groups = {"state": blocks.states, "params": blocks.params, "ending": blocks.endings}
        found: dict[str, NDArray[Any]] = {
            "x": blocks.x, "lr": blocks.lr, "level": blocks.levels[1], "summary": blocks.summary,
            "record": blocks.record,
        }  # fmt: skip
        for name, arrays in groups.items():
            found |= {f"{name}{i}": array for i, array in enumerate(arrays)}
        return found


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
