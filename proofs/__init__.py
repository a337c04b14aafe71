"""Statements about learning-rate schedules, settled: one claim per file, each exporting `CLAIM`.

Files that start with an underscore are the machinery. `_claim` says what a claim is and `_certificates` how an
argument is written down; `_checker` decides it (with `_exact`, `_sums`, `_equivariance`, `_enclosure` and
`_positivity`: the trust base, which imports nothing else of ours). `_rules` and `_functions` hold the published rule
and test functions in exact arithmetic, `_symbols` the shared notation, `_finite_sums` random instances for checks, and
`_ledger` the verdicts.
"""
