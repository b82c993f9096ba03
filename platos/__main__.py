"""`python -m platos` is the command line."""

from platos.cli import main

main()
