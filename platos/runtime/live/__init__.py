"""Live actors: a mailbox each, under a supervisor that starts, restarts and stops them."""
