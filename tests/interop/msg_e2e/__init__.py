"""A second implementation of the end-to-end cryptography of msg, version 1.

Written from crypto/SPEC.md alone (cards and prekeys from protocol/SPEC.md), to show that
those pages suffice. Names and section numbers are theirs. Randomness and time are always
arguments: `draw(name, n)` gives n bytes for what is called `name`, so that a vector can
state each drawn value. Nothing here is constant-time or wiped: for tests only.
"""
