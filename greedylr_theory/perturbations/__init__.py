"""Disturbances of a run, one file each; every one names the channel it acts on."""

from greedylr_theory.catalog import lazy_classes

__getattr__ = lazy_classes(__name__)
