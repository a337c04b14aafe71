"""`python -m greedylr_theory.cli`."""

from greedylr_theory.cli import main

main()
