"""Sound in and out.

Comes in: recordings (ogg, wav, flac, mp3) and a microphone. Goes out: waveforms at any rate
(`decode`), the picture of a waveform in terminal cells (`spectrogram`), sound on the
speakers (`player`), the last seconds heard (`microphone`). Needs no torch; without
PortAudio everything but playback and recording works.
"""
