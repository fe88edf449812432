"""Sounds of species that do not exist, for the demo dataset.

Comes in: a random generator. Goes out: calls (`voices`), what surrounds them
(`surroundings`), clips and soundscapes with their truth (`mixing`), and the tables of the
BirdCLEF layout (`tables`).
"""
