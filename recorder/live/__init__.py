"""The live recording: one film of everyone, made while the session runs, so that it is there soon after its end.

`live_recording` is the recorder's side of it, `process` the process that makes the film; `segment` brings together what
the tap tells (`recorder.tracks`), the streams of pictures and sound (`pictures`, `sounds`, `group`, `sources`) and the
compositor; `fragments` is the file while it grows, `finishing` what is made of it at the end.
"""
