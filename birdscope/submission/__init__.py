"""submission.csv: built from scores, written whole, checked as Kaggle would.

Comes in: `Scores`, settings, the columns and rows of sample_submission.csv. Goes out: a file,
and a report of what is wrong with it in plain words.
"""
