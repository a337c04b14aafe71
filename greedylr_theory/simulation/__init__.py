"""Runs, random draws, the driver, and what comes out of it."""
