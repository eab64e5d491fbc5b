"""Examples take the time they take: the machine may be busy."""

from hypothesis import settings

settings.register_profile("chatter", deadline=None)
settings.load_profile("chatter")
