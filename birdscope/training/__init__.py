"""From labelled recordings to checkpoints that an ensemble can use.

Comes in: a recipe (TOML) and a Catalog. Goes out: a run folder with, for each fold, a
checkpoint of the best and the last epoch, `metrics.jsonl`, `report.toml` and an
`ensemble.toml` that works with prediction at once.

Reading order: `recipe` (what can be set), `clips` (labelled waveforms), `noise` and `mixing`
(clips → training samples), `losses`, `learner` (one step), `fold` (the loop), `units` (folds
and seeds), `distributed` (several processes), `pseudo_labels` and `teacher` (what a trained
ensemble teaches), `stages` (rounds, distillation, pretraining), `out_of_fold`, `run`.
"""
