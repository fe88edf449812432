"""birdscope: explore bioacoustic recordings with ears, eyes and models at once.

Read the packages in this order and you follow a sound to a submission:
core, audio, dataset, features, nets, inference, postprocess, metrics, training,
submission; then engine, session and jobs, which keep the work going, and tui and
commands, which let a person drive it.
"""

__version__ = "0.1.0"
