"""The signalling side of recording: which recorder gets what to do, and what becomes of the files that it makes."""
