"""Foresee: what a run would do and may cost at worst, before anything of it runs. Nothing is asked, stored or called.

The worst case of a node is its visits, times the model calls that its actor says it makes at most, times the attempts
at each call, times the dearest that one attempt can be. Attempts are as many as the runtime makes: for every model of
the list the answer and its repairs, each tried in as many rounds as the specialist's `retry` allows, and each attempt
sent, not answered and charged in full.

What a node is given is measured as far as it is there: the whole text of its items and the specialist's scope. For the
actor's own words, remarks and repairs there is an allowance, and a hand-off is taken to be as long as an answer can be.
A planner that asks a model is a node before all others: its own question, once for each plan, of each model of the list
without a wait between.

Of an item that an actor reads in stretches, each is a call, as long as the longest.

That is a reckoning, and calls that a killed process lost are not in it, nor the claims past those that a hand-off is
taken to have. Calls of the helpers that an actor asks for while it works are among those that it declares, and are
reckoned at its own tier. A join that stops branches may have let them all begin, so all are counted. What holds,
whatever happens, are the caps.
"""

from platos.runtime.foresee.reckon import foresee
from platos.runtime.foresee.shape import Shaped, plan_for
from platos.runtime.foresee.told import Bound, Foreseen, NodeForeseen, Priced

__all__ = ["Bound", "Foreseen", "NodeForeseen", "Priced", "Shaped", "foresee", "plan_for"]
