"""The wake-up path, one file per step of its story, what the steps stand on, and a room for each thing that takes
more than a file. `wakeup.py` is where to begin."""
