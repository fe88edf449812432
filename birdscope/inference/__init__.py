"""From recordings to raw scores.

Comes in: recordings and an ensemble file. Goes out: `core.scores.Scores`, every checkpoint's
probabilities of every window, kept on disk recording by recording so that a killed run goes on.
"""
