"""A real-time chat server on Trio: actors, supervisors and the Phoenix Channels protocol."""

__version__ = "0.1.0"
