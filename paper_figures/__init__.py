"""Figures, one file each: a picture of a sweep and of what is proved about it."""
