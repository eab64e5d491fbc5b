"""The Autobahn test suite against our WebSocket: its published cases told in our words, and how to run the original.

`test_cases.py` belongs to the ordinary suite. `python -m tests.autobahn` runs the original, where it is installed.
"""
