"""Rules that set the step size, one file each."""

from greedylr_theory.catalog import lazy_classes

__getattr__ = lazy_classes(__name__)
