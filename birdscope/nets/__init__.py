"""From the picture to logits, and how nets are kept.

Comes in: mels [B, channels, mels, frames]. Goes out: clip logits [B, C] and segment logits
[B, T, C] of one of three architectures (the public TimmSED and BirdCLEFModel, the general
SedModel), and checkpoints: read without running code, written with all that made them.
"""
