"""The bytes: Phoenix Channels messages and WebSocket frames. Pure functions and small state machines, no trio."""
