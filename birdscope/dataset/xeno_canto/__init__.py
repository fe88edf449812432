"""Recordings of Xeno-Canto as a dataset to pretrain on.

In: a query, a key for the official API (version 3) and the datasets to keep apart from. Out:
a folder in BirdCLEF layout. `client` speaks HTTP, `records` reads the API's JSON, `choose`
picks recordings, `convert` makes them 32 kHz, `tables` writes the CSV files, `fetch` does it.
"""
