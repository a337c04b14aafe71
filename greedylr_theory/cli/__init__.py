"""The command line: parsing and printing only.

Exit codes: 0 all is well, 1 a claim or check failed, 2 the input was wrong and nothing was written.
"""

from __future__ import annotations

import click

from greedylr_theory.cli.figures import figures
from greedylr_theory.cli.plugins import check, plugins
from greedylr_theory.cli.refinement import refine
from greedylr_theory.cli.results import reproduce, sweep, verify
from greedylr_theory.cli.runs import replay, simulate
from greedylr_theory.cli.sensitivity import sensitivity
from greedylr_theory.cli.theory import worst_case


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="greedylr-theory")
def main() -> None:
    """Simulate learning-rate schedules and check what is claimed of them."""


for command in (
    verify, simulate, replay, refine, worst_case, sweep, sensitivity, figures, reproduce, plugins, check,
):  # fmt: skip
    main.add_command(command)
