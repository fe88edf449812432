"""What should not be in a recording: speech, silence, clipping, noise, the same sound twice.

In: a dataset's recordings, each decoded once. Out: what was measured of each, and proposed
cuts for a person to decide on (see `birdscope.dataset.cut_lists`). The dataset is only read.
"""
