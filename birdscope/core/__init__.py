"""The words every other package speaks: domain types, errors, paths, units, events.

Comes in: nothing. Goes out: frozen types and small pure functions. Imports no other
birdscope package.
"""
