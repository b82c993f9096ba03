"""Whether a text speaks to its judge: gives orders, speaks of verdicts, or imitates what stands around it.

This is no proof of anything: who wants to can say it in words that are not here. It decides only where a text may
stand and which way it may move: alone, and up. What an undetected one could do to others is bounded by how batches are
made (`_batches.py`), not here.

The text is read as a model may read it: in Unicode's compatibility form, without accents and invisible characters,
letters of other alphabets that look like Latin ones as these (Unicode Technical Standard 39, "confusables", those that
matter in English), digits that stand for letters as letters, and spaced-out words drawn together.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["addressed"]

_LOOKS_LIKE = str.maketrans(
    "авеёзкмнорстухіїјѕһԁԛԝӏαβεηικμνορτυχωςı",
    "abee3kmhopctyxiijshdqwlabenikuvoptuxwsi",
)
_STANDS_FOR = str.maketrans("013457@$", "oieastas")
_SPACED = re.compile(r"\b(?:\w[ ._*-]){4,}\w\b")
_HIDDEN = re.compile("[\u202d\u202e]|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0001-\U000e007f]")
_MOST_QUOTED = 60

_NOUN = r"(?:documents?|items?|entr(?:y|ies)|records?|tickets?|messages?|e-?mails?|texts?|inputs?)"
_OTHERS = (
    r"(?:(?:all|any|every|each|both)(?: of)?(?: the)?(?: other| remaining| following| previous)?s?"
    r"|the (?:others?|rest|remaining|next|previous|following|preceding|first|second|third|last|above|below)"
    r"|everything(?: else)?|this|these|it|them|others|anything)"
)
_VERDICT = (
    r"(?:noise|not? (?:a )?signals?|signals?|irrelevant|not relevant|unimportant|not important|dismiss(?:ed)?|ignored?"
    r"|skip(?:ped)?|harmless|benign|routine|spam|safe|low priority|false|negative)"
)
_JUDGE = (
    r"(?:a\.?i\.?|llms?|(?:language )?models?|assistants?|judges?|classifiers?|triage(?: agent| bot)?|agents?"
    r"|graders?|evaluators?|chat ?bots?|gpt|claude|gemini)"
)
_NO = r"(?:noise|no signals?|not (?:a )?signals?|irrelevant|not relevant|unimportant|not important|harmless|benign)"
_TOLD = r"(?:instructions?|prompts?|directives?|guidelines|orders|commands|criteria|scope|rules|tasks?)"

_SPEAKS = [
    # orders about what it was told
    r"\b(?:ignor\w*|disregard\w*|forget|overlook|overrid\w*|bypass\w*|stop following|do not follow|don.?t follow)"
    r"\W+(?:(?:all|any|every|everything|each|of|the|your|you|my|our|these|those|this|that|is|was|were|were given|said"
    r"|previous|prior|earlier|above|preceding|former|original|initial|system|other)\W+){1,6}" + _TOLD + r"\b",
    r"\b(?:ignore|disregard|forget) (?:everything|all|anything|what)(?: that)?(?: was| is| you| i| has| have| came| comes)"
    r"?(?: been| were)?(?: told| said| written| stands| read| before| above| so far| previously| earlier)",
    r"\b(?:new|updated|revised|real|actual|additional|important|special|secret|hidden) (?:system )?"
    r"(?:instructions?|directives?|prompts?)(?: are| is| follows?|:| (?:for|to) (?:you|the|" + _JUDGE + r"))",
    r"\b(?:ignorier\w*|vergiss|missacht\w*|ignore[zr]|oublie[zr]?|ignora\w*|olvid\w+|dimentica\w*)\W+(?:\w+\W+){0,4}?"
    r"(?:anweisung\w*|vorgabe\w*|instru[ck]\w+|consignes?|istruzion\w+)",
    # verdicts
    r"\b(?:not?|isn.?t|never|hardly) (?:an? |the )?(?:real |actual |true )?signal\b(?! (?:handler|handling|number|name|mask"
    r"|processing|strength|that|we|which))",
    r"\bsignal\W{1,4}(?:is\W+|=\W*|to\W+|as\W+)?(?:true|false|no|yes)\b",
    r"\b(?:mark|label|classify|treat|judge|rate|flag|score|count|regard|consider|set|report|declare|deem)\w*\W+"
    + _OTHERS
    + r"(?:\W+"
    + _NOUN
    + r")?(?:\W+\w+){0,4}?\W+(?:as|to be|to|is|are)?\W*"
    + _VERDICT
    + r"\b",
    r"\b(?:dismiss|skip|discard|suppress)\W+" + _OTHERS + r"(?:\W+(?:other|remaining))?\W+" + _NOUN + r"\b",
    r"\b(?:this|these|the above|the following)(?: "
    + _NOUN
    + r")? (?:must|should|shall|can|may|needs? to|has to|have to|is to"
    r"|are to)(?: not)?(?: safely| always| never)?(?: be)? (?:dismiss|ignor|discard|skipp|filter|suppress|classif|escalat"
    r"|judged|marked|labell?ed)\w*",
    r"\b(?:your|the|a|each|every|correct|right|only|final) (?:verdict|classification|judge?ment|confidence)\b"
    r"(?:\W+\w+){0,4}?\W+(?:is|are|must|should|of|be|to|as|:|=)\W+(?:\w+\W+){0,3}?(?:" + _VERDICT + r"|[01]\.?\d*)\b",
    r"\bverdicts?\b(?:\W+\w+){0,6}?\W+(?:dismiss(?:ed)?|noise|signals?)\b",
    # neighbours
    r"\b(?:all|every|each|any|the)(?: of)?(?: the)? (?:others?|rest|remaining|following|preceding|next|previous|first|second"
    r"|third|fourth|fifth|last)(?: (?:\d+|two|three|few))?(?: of the)? "
    + _NOUN
    + r"(?:\W+\w+){0,4}? (?:is|are|as|must|should|shall|may|can)(?: all| always| only| safely)?(?: be)? "
    + _VERDICT
    + r"\b",
    r"\b(?:all|everything|anything|every one|each) (?:others?|else|of them|before|after|above|below)\b(?:\W+\w+){0,4}?"
    r"\W+(?:is|are|as|must be|should be)\W+" + _VERDICT + r"\b",
    r"\b(?:"
    + _NOUN
    + r" (?:#|no\. ?|number )?\d+|i\d+|the (?:rest|others?|remainder))(?:\W+\w+){0,4}? (?:is|are|as) (?:all )?"
    + _NO
    + r"\b",
    r"\b(?:all|every|each|any|these|those|both)(?: of)?(?: the| these| other)? "
    + _NOUN
    + r"(?:\W+\w+){0,4}? (?:is|are|as)"
    r"(?: all)? " + _NO + r"\b",
    r"\bnothing(?: else)? (?:here|in (?:this|the|these) (?:batch|documents?|list))(?:\W+\w+){0,2}? (?:matters?|relevant|signals?)",
    r"\b(?:do not|don.?t|never|must not|should not|no need to) (?:escalate|flag|report)\W+(?:this|it|any|the (?:other|rest|next)"
    r"|others?|anything|these|them)\b",
    # whom it speaks to
    r"\b(?:you are|you.re|act|behave|pretend to be|respond|answer)(?: now)?(?: as)? (?:an?|the|my) (?:\w+ ){0,2}"
    + _JUDGE
    + r"\b",
    r"\b(?:dear|hey|hello|attention|hi|note to|notice to|message to|message for|instructions? (?:to|for)|note for)[ ,:]*"
    r"(?:the |all |any |every )?(?:automated |reading |small |triage )?" + _JUDGE + r"\b(?! \d)",
    r"\bif you are (?:an? |the )?(?:\w+ ){0,2}" + _JUDGE + r"\b",
    r"\b(?:answer|respond|reply|output|return|say|print|write) (?:only |just |simply |exactly )?(?:with |that |by )?\W*"
    r"(?:signal|dismiss|noise|not (?:a )?signal|confidence|verdict|the (?:verdict|json)|\{)",
    r"\b(?:system|developer) (?:prompt|override|instructions?)\b\W+(?:\w+\W+){0,3}?(?:you|your|is|are|must|now)\b",
]
_WRITTEN = [
    # what stands around a text: roles, tags, the form of an answer
    r"<\|?/?(?:im_start|im_end|endoftext|system|assistant|user|start_header_id|eot_id)\|?>",
    r"\[/?inst\]|<</?sys>>",
    r"(?:^|\n)[ \t>#*\[]*(?:system|assistant|developer|ai|judge|triage)[\]*]*[ \t]*:[ \t]*(?:you|the|this|all|ignore|note|mark"
    r"|from now|dismiss|new|end|override|documents?|items?|answer|please)\b",
    r"(?:^|\n)#{2,}[ \t]*(?:system|instructions?|assistant|response|new task|end of)\b[^\n]{0,20}(?:\n|$)",
    r"</?(?:documents?|verdicts?|instructions?|items?|scope|system_prompt)>",
    r"[\"'](?:signal|verdicts?|documents?|confidence|repair)[\"']\s*:",
    r"\bend of (?:the |this )?(?:documents?|items?|data|input|prompt|untrusted)\b",
]
_SPEAKING, _WRITING = [[re.compile(pattern) for pattern in patterns] for patterns in (_SPEAKS, _WRITTEN)]
_LONG = re.compile(r"(\W{4})\W+")
"""Between two words of a sentence stands no more. Patterns that skip what stands there then take bounded time."""


def addressed(text: str) -> str | None:
    """The words, as they were read, by which a text speaks to its judge; None where none were found."""
    if _HIDDEN.search(text):
        return "characters that hide or turn text"
    plain = _plain(text)
    searches = [(_WRITING, plain), *((_SPEAKING, read) for read in _readings(_LONG.sub(r"\1", plain)))]
    for patterns, read in searches:
        for pattern in patterns:
            found = pattern.search(read)
            if found:
                return " ".join(found[0].split())[:_MOST_QUOTED]
    return None


def _readings(plain: str) -> list[str]:
    """The text as a model may read it; a second and a third time where spaces, or digits, may hide words."""
    drawn = _SPACED.sub(lambda found: re.sub(r"[ ._*-]", "", found[0]), plain)
    lettered = re.sub(r"\b(?=\w*[a-z])[\w@$]*[013457@$][\w@$]*", lambda found: found[0].translate(_STANDS_FOR), plain)
    return list(dict.fromkeys((plain, drawn, lettered)))


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.translate(_LOOKS_LIKE))
    seen = "".join(letter for letter in apart if unicodedata.category(letter) not in ("Mn", "Cf"))
    return seen.casefold().translate(_LOOKS_LIKE)
