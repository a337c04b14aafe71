"""What figures over the scaling factor F share: a panel of shares above an axis that gives both ends room."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator, PercentFormatter

_TICKS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.97)


def shares_over_factor(axes: Axes) -> None:
    """Shares from 0 to 1 against F."""
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    # as much room for 0.9 .. 0.99 as for 0.1 .. 0.5: there F acts through ln(1/F)
    axes.set_xscale("logit")
    axes.xaxis.set_major_locator(FixedLocator(_TICKS))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in _TICKS]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(0.085, 0.993)
