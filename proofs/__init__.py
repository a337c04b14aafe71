"""Statements about learning-rate schedules, settled: one claim per file, each exporting `CLAIM`.

Files that start with an underscore are the machinery. `_claim` says what a claim is and `_certificates` how an
argument is written down; `_checker` decides it (with `_exact`, `_sums`, `_equivariance`, `_rationals`, `_enclosure`,
`_positivity`, `_dual` and `_forms`: the trust base, which imports nothing else of ours). `_performance` writes down the
inequalities of a performance estimate. `_rules`, `_library_rule`, `_study_rule` and
`_functions` hold the published rules and test functions in exact arithmetic, `_symbols` the shared notation, `_tables`
printed numbers, `_finite_sums` and `_disturbed` instances for checks, `_ledger` the verdicts, and `_findings` the page
that says what was found.
"""
