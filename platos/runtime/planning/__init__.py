"""Planning: a run begins, and whoever makes its plan is asked."""
