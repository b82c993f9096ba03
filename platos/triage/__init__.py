"""Triage tiers: the rungs of the ladder. One tier a module, named as the tier is; README.md tells how to write one."""
