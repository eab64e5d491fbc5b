"""Servers to compare with. Each prints `Listening on http://HOST:PORT` and runs until it is killed."""
