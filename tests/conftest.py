"""What holds for every test: no deadline for hypothesis, since a shared machine's clock proves nothing."""

import os

from hypothesis import settings

settings.register_profile("roomcast", deadline=None, max_examples=60)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "roomcast"))
