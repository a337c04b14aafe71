"""This package beside PyTorch, NumPy, JAX and C on the same runs: `python benchmarks/compare.py`, `scale.py`."""
