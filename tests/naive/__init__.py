"""Slow plain-Python twins of the compiled code: one run at a time, in the same order of operations."""
