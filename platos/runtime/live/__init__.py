"""Live actors: under a supervisor that starts, restarts and stops them, with a mailbox where more than one thing may be
asked of them."""
