"""Effects: a call that touches the world, the ledger of them, and who may say yes."""
