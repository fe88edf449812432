"""From labelled recordings to checkpoints that an ensemble can use.

Comes in: a recipe (TOML) and a Catalog. Goes out: a run folder with, for each fold, a
checkpoint of the best and the last epoch, `metrics.jsonl`, `report.toml` and an
`ensemble.toml` that works with prediction at once.

Reading order: `recipe` (what can be set), `clips` (labelled waveforms), `noise` and
`mixing` (clips → training samples), `losses`, `network` (recipe → model), `validation`,
`fold` (the loop), `run` (folds, files, resume).
"""
