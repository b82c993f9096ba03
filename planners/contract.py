"""contract: a change is proposed, checked, allowed by a person and applied, in six steps that are always the same."""

from __future__ import annotations

from platos import Brief, Plan, Sequence, Single, planner

__all__ = ["ACTING", "CHECKING", "Contract"]

CHECKING = "run-command"
"""The tool that checks are run with."""

ACTING = ("file", "git-commit")
"""The tools that a change can be applied with. The first of them that the specialist has is given to the plan."""


@planner("contract", version="1")
class Contract:
    """Whatever arrived, the same six nodes, one after the other; only what they are given differs.

    ================  ==========  ==========================================================
    node              actor       what it does
    ================  ==========  ==========================================================
    collect_context   collector   what is known already, beside the items
    propose_change    proposer    drafts the new text of the file that the owner names
    run_checks        checker     runs the owner's checks; one that fails ends the run
    request_approval  requester   asks for exactly that change, and tells how the checks went
    apply_change      applier     makes exactly that change
    summarize_result  summarizer  reports what was changed, and on what it rests
    ================  ==========  ==========================================================

    The check runs with `run-command`; the change is made by `file` or `git-commit`. A node gets no other tool.
    """

    async def plan(self, brief: Brief) -> Plan:
        """The sequence, and in one sentence what is changed with what."""
        checking = tuple(tool for tool in brief.tools if tool == CHECKING)
        acting = tuple(tool for tool in ACTING if tool in brief.tools)[:1]
        nodes = (
            Single(name="collect_context", actor="collector"),
            Single(name="propose_change", actor="proposer"),
            Single(name="run_checks", actor="checker", tools=checking),
            Single(name="request_approval", actor="requester", tools=acting),
            Single(name="apply_change", actor="applier", tools=acting),
            Single(name="summarize_result", actor="summarizer"),
        )
        how = f"with {acting[0]}" if acting else "which no tool here can apply"
        again = f"; planned again, because {brief.again}" if brief.again else ""
        why = f"{len(brief.items)} items lead to one change, checked and asked for first, {how}{again}"
        return Plan(root=Sequence(name="contract", nodes=nodes), why=why, by="contract")
