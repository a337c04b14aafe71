"""Numbers that the claims in `proofs` are about, one module per subject; every one good to 1e-10 relative or better."""
