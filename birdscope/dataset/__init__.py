"""A BirdCLEF folder as data: what is recorded, labelled, foldable, and what is wrong with it.

Comes in: a folder in the layout of BirdCLEF+ 2025 or 2026. Goes out: a `Catalog` of frozen
`Recording`s, `Labels` of windows, fold numbers, a list of `Problem`s. `demo` makes such a
folder out of nothing, with synthetic species.
"""
