"""Parts of the specialist NAME: a tool that posts a review, and the actor that asks for it."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field

from platos import Context, EffectClass, Environment, HandOff, Receipt, Work, actor, errors, tool_function

REVIEWS = "reviews-NAME"
Number = Annotated[int, Field(ge=1, le=10_000_000, description="of the pull request")]
Text = Annotated[str, Field(min_length=1, max_length=20_000, description="the review, as Markdown")]


def place(number: int, environment: Environment) -> Path:
    return environment.workspace / REVIEWS / f"{number}.md"


def plain(text: str) -> str:
    """Text as one line of Markdown that says just what the text says: no link, no picture, nobody is called."""
    return re.sub(r"([\\`*_\[\]<>#@!|~])", r"\\\1", " ".join(text.split()))


def posted(number: Number, text: Text, environment: Environment) -> Receipt | None:
    stands = place(number, environment).is_file() and place(number, environment).read_text("utf-8") == text
    return Receipt(summary=f"posted on {number}") if stands else None


@tool_function("NAME-post", version="1", effect=EffectClass.PROBED, probe=posted, once_per=("number",))
def post(number: Number, text: Text, environment: Environment) -> Receipt:
    """Posts a review on a pull request."""
    place(number, environment).parent.mkdir(exist_ok=True)
    place(number, environment).write_text(text, "utf-8")
    return Receipt(summary=f"posted on {number}")


@actor("NAME-poster", version="1", calls=0, takes=("report",), makes=("report",))
class Poster:
    """Asks to post the review that it is given, on the pull request that it is about."""

    async def act(self, context: Context, work: Work) -> HandOff:
        [given] = [each for each in work.inputs if each.artifact.kind == "report"]
        [extract] = work.items
        number = re.match(r"(\d+)-", (await context.read(extract.item)).id)
        if number is None:
            raise errors.Broken("the file's name has no number", where=extract.item, expected="as in 118-retries.md")
        remarks = [f"- {plain(claim.text)}\n  > {plain(claim.quote)}" for claim in given.artifact.claims]
        text = "\n".join([plain(given.artifact.title), "", *remarks, "", f"({given.status}, by {given.artifact.by})"])
        why = f"post {len(remarks)} remarks on {number[1]} ({given.status})"
        await context.call_tool(context.tools[0], {"number": int(number[1]), "text": text}, why=why)
        return context.hand_off(given.artifact, scope=given.scope, status=given.status, evidence=given.evidence)
