"""Experiments, one file each: a question, a prediction, and the runs that answer it."""
