"""The wake-up path, one file per step of its story, and what the steps stand on. `wakeup.py` is where to begin."""
