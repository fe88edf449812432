"""How good probabilities are against labels.

Comes in: labels [rows, classes] and probabilities [rows, classes] (or whole `Scores` with
settings). Goes out: macro ROC-AUC and average precision, per class and with an interval by
bootstrap over recordings.
"""
