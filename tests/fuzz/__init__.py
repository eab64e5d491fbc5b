"""Whatever strangers send: six targets, each a `check` that takes any bytes and fails only for a bug.

`test_targets.py` runs them in the ordinary suite, a few hundred times. `python -m tests.fuzz head --runs 1000000` has
a coverage-guided fuzzer (atheris: `pip install .[fuzz]`) run one of them as long as one likes.
"""
