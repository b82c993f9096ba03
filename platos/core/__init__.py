"""The words and the rules: pure. No await, no I/O, no clock, no randomness."""
