"""Published figures that no file here answers, with the reason."""

from __future__ import annotations

_TRAINING = (
    "Training of language models: this package simulates schedules on test functions, finite sums and small "
    "perceptrons, and trains no language model."
)

#: {published figure: why it cannot be drawn here}
OUT_OF_REACH = {f"arXiv 2512.14527, Figure {number}": _TRAINING for number in (1, 2, 6, 7, 8)}
