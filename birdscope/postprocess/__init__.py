"""From raw checkpoint scores to final probabilities.

Comes in: `core.scores.Scores` (every checkpoint raw) and `core.settings.Settings` (the ordered
stack). Goes out: probabilities [rows, classes], or per recording [recordings, classes].
`steps` holds the pure functions, `stack` their order.
"""
