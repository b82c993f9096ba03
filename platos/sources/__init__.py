"""Sources: what specialists poll. One source a module, named as the source is; README.md tells how to write one."""
