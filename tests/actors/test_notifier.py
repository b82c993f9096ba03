"""Actor `notifier`: what it delivers, and that nothing in an item can change the form of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from actors.notifier import Notifier, escape, render
from platos import Artifact, Claim, HandOff, Item, Status, errors
from platos.testing.actor import MemoryContext, check_actor, work_on

ITEMS = {
    "i1": Item(id="mail/1", title="Pump <failed>", text="The pump failed."),
    "i2": Item(id="mail/2", text="A pump costs 900."),
}
REPORT = Artifact(
    kind="report",
    title="# Pumps",
    claims=(Claim(text="It *broke*.", source="i1", quote="pump failed"),),
    by="assistant, scripted",
    note="Short.",
)
FORGERIES = [
    "# heading",
    "> quote",
    "- item",
    "12. item",
    "12) item",
    "+ item",
    "---",
    "***",
    "===",
    "```\ncode\n```",
    "    code",
    "~~~",
    "[link](http://example.com)",
    "![image](x.png)",
    "<b>bold</b>",
    "<https://example.com>",
    "https://example.com",
    "www.example.com",
    "someone@example.com",
    "[a]: http://example.com",
    "&#35; &lt;",
    "a\n\n# heading",
    "| a |\n|---|",
    "back\\slash\\",
    "left\u202eright\u200bhidden",
]


def handed(*, artifact: Artifact = REPORT, status: Status = Status.UNVERIFIED) -> HandOff:
    return HandOff(artifact=artifact, status=status, scope=("i1", "i2"))


async def test_it_keeps_what_every_actor_keeps() -> None:
    context = MemoryContext(items=ITEMS, tools=("outbox",))
    await check_actor(Notifier(), work_on(context, handed()), context)


async def test_it_calls_the_first_tool_once_and_hands_on_what_came_in() -> None:
    context = MemoryContext(items=ITEMS, tools=("outbox", "mail"))
    given = handed(status=Status.VERIFIED)
    assert await Notifier().act(context, work_on(context, given)) == given
    (call,) = context.calls
    assert (call.tool, set(call.arguments)) == ("outbox", {"name", "text"})
    assert call.why == "deliver the report (verified; claims: 1, items: 2)"


async def test_the_report_names_its_claims_their_sources_and_its_maker() -> None:
    context = MemoryContext(items=ITEMS, tools=("outbox",))
    await Notifier().act(context, work_on(context, handed()))
    assert context.calls[0].arguments["text"] == (
        "# \\# Pumps\n"
        "\n"
        "- It \\*broke\\*. (i1)\n"
        "  > pump failed\n"
        "\n"
        "## Sources\n"
        "\n"
        "- i1: Pump \\<failed>, from memory: mail/1\n"
        "- i2: untitled, from memory: mail/2\n"
        "\n"
        "Made by assistant, scripted. No critic has judged it. Short.\n"
    )


async def test_a_report_without_a_claim_says_so() -> None:
    empty = Artifact(kind="report", title="Nothing", claims=(), by="assistant, scripted")
    assert "No claim could be made that the items bear out." in render(handed(artifact=empty), [])


def test_a_report_that_a_critic_did_not_accept_says_so() -> None:
    assert "A critic did not accept it." in render(handed(status=Status.REJECTED), [])


async def test_a_review_that_came_along_is_not_delivered() -> None:
    review = handed(artifact=Artifact(kind="review", title="Accepted", claims=(), by="critic, scripted"))
    context = MemoryContext(items=ITEMS, tools=("outbox",))
    assert await Notifier().act(context, work_on(context, handed(), review)) == handed()


@pytest.mark.parametrize("count", [0, 2])
async def test_it_refuses_to_choose_between_pieces_of_work(count: int) -> None:
    context = MemoryContext(items=ITEMS, tools=("outbox",))
    with pytest.raises(errors.Broken, match=f"given {count} pieces"):
        await Notifier().act(context, work_on(context, *[handed()] * count))


async def test_without_a_tool_it_fails_before_anything_is_done() -> None:
    context = MemoryContext(items=ITEMS)
    with pytest.raises(errors.Broken, match="no tool"):
        await Notifier().act(context, work_on(context, handed()))


def parse(markdown: str) -> list[Token]:
    return MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)


def blocks(markdown: str) -> list[str]:
    return [token.type for token in parse(markdown)]


@given(st.text() | st.text(alphabet="#>-+=*_`~[]()!<&|\\:/ \n.1a$"))
@pytest.mark.parametrize("before", ["# ", "- ", "> "])
def test_any_text_stays_text_wherever_it_stands(before: str, text: str) -> None:
    shown = escape(text + ".")
    assert blocks(before + shown) == blocks(before + "plain")
    (line,) = [token.children or [] for token in parse(before + shown) if token.type == "inline"]
    assert {child.type for child in line} <= {"text", "text_special"}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_structure_changes_nothing_of_the_report(forgery: str) -> None:
    def report(text: str) -> str:
        claim = Claim(text=text, source="i1", quote=text)
        artifact = Artifact(kind="report", title=text, claims=(claim,), by="assistant", note=text)
        return render(handed(artifact=artifact), [])

    assert blocks(report(forgery)) == blocks(report("plain"))


@pytest.mark.parametrize("address", ["https://example.com", "HTTPS://example.com", "www.example.com", "a@example.com"])
def test_an_address_is_shown_and_does_not_become_a_link(address: str) -> None:
    assert address not in escape(address)


def test_characters_that_hide_or_reverse_text_are_taken_out() -> None:
    assert escape("left\u202eright\u200bhidden\x1b[0m") == "left right hidden \\[0m"


def test_a_plain_sentence_is_left_as_it_is() -> None:
    assert escape("Version 1.2.3 costs (about) 900 - or more!") == "Version 1.2.3 costs (about) 900 - or more!"


def test_the_parser_does_see_a_forgery_where_nothing_is_escaped() -> None:
    assert blocks("- # heading") != blocks("- plain")
