"""What no honest client sends: a hundred thousand frames and calls, and what the server must be like afterwards.

`python -m tests.hostile --frames 100000 --seed 1` runs them all and reports; the tests of this package run a few of
each kind. The same seed gives the same frames.
"""
