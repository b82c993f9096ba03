"""Parts of the specialist NAME: a tool that looks up who owns a service, and an actor that calls its tools in order."""

import re
from typing import Annotated

from pydantic import Field

from platos import Artifact, Claim, Context, EffectClass, Environment, HandOff, Receipt, Work, actor, tool_function

OWNERS = "owners-NAME.txt"


@tool_function("NAME-owner", version="1", effect=EffectClass.READ, outward=False)
def look_up(service: Annotated[str, Field(max_length=60)], environment: Environment) -> Receipt:
    """Says who owns a service, by the list of owners."""
    lines = (environment.workspace / OWNERS).read_text().splitlines()
    owners = {name.strip(): owner.strip() for name, _, owner in (line.partition(":") for line in lines)}
    owner = owners.get(service, "nobody yet")
    return Receipt(summary=f"owned by {owner}", data={"owner": owner})


@actor("NAME-desk", version="1", calls=0, takes=("items",), makes=("extract",))
class Desk:
    """Looks up the owner, writes the ticket, logs it: three calls, each with what the one before came to."""

    async def act(self, context: Context, work: Work) -> HandOff:
        claims = []
        for extract in work.items:
            item = await context.read(extract.item)
            named = re.search(r"^Service: *([a-z-]{1,60})$", item.text, re.MULTILINE)
            service = named[1] if named else "unknown"
            found = await context.call_tool("NAME-owner", {"service": service}, why="whose alert is it?")
            owner = found.data["owner"]
            text = f"{item.title}\n\nOwner: {owner}\nService: {service}\nAlert: {item.id}\n\n{item.text}\n"
            ticket = {"path": f"{extract.item}.md", "text": text}
            kept = await context.call_tool("tickets", ticket, why=f"a ticket for {owner}")
            line = f"{extract.item} {service}, {owner}: {kept.summary}"
            await context.call_tool("log", {"text": line}, why="so that every ticket is on record")
            last = item.full_text.splitlines()[-1]
            claims.append(Claim(text=f"{service} is {owner}'s: {last}", source=extract.item, quote=last))
        made = Artifact(kind="extract", title=f"{len(claims)} tickets", claims=tuple(claims), by=context.signature)
        return context.hand_off(made, scope=[extract.item for extract in work.items])
