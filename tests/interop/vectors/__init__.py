"""What each kind of test vector must come to, one module a file of `tests/vectors`."""
