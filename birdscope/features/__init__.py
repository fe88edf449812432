"""From sound to the picture a net sees.

Comes in: waveforms, float32 [batch, samples]. Goes out: mels [batch, channels, mels,
frames], by one front end that training, inference and the display share, so that what a
net was trained on, what it is asked about and what a person is shown are the same numbers.
"""
