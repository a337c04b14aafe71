"""Functions written as text or in sympy: parsed from a whitelist, differentiated, laid out as tables of numbers."""
