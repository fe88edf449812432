"""The app's warm helper processes, so that keys never wait for models.

Comes in: an ensemble file, recordings, the windows wanted now. Goes out: raw scores window
by window, and quick answers (what is in an ensemble, what is kept of a recording, the
blend of raw scores). `client` is what the interface uses; it imports no torch.

Two processes, both at a lowered priority: `worker`, the lane for models, where the newest
request wins between two windows, and `quick`, which answers in milliseconds while the
other one imports torch.
"""
