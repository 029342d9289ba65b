"""The composite: one film of everyone, made from the timeline and the pictures and sounds of a segment.

`planner` says who is where (pure), `canvas` draws it, `mixer` mixes the sound, `film` writes the file; `sources` say
where pictures and sounds come from: files after the session, a tap during it. `segment` puts files together.
"""
