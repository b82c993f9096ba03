"""Specialists asleep: rows, of which one template makes many, and of which many wake as one."""
