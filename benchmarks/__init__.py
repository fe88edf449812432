"""Measured claims: each module has `claims()`; `python -m benchmarks` prints them all."""
