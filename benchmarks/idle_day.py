"""What an idle day costs on the recorded streams, by `platos idle-day`, beside agents that ask at every wake-up."""

from _bench import OURS, own, run

STREAMS = ("advisories-pypi", "status-github", "commits-java")

run("An idle day", [own(OURS, "idle_day_platos.py", *STREAMS, patience=1_800)], rounds=1)
