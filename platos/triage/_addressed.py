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

_WORDS = {
    "thing": "(documents?|items?|entr(y|ies)|records?|tickets?|messages?|e-?mails?|texts?|inputs?)",
    "others": "((all|any|every|each|both)( of)?( the)?( others?| remaining| following| previous)?"
    "|the (others?|rest|remaining|next|previous|following|preceding|first|second|third|last|above|below)"
    "|everything( else)?|this|these|it|them|others|anything)",
    "which": "(others?|rest|remaining|following|preceding|next|previous|first|second|third|fourth|fifth|last)",
    "verdict": "(noise|not? (a )?signals?|signals?|irrelevant|not relevant|unimportant|not important|dismiss(ed)?"
    "|ignored?|skip(ped)?|harmless|benign|routine|spam|safe|low priority|false|negative)",
    "no": "(noise|no signals?|not (a )?signals?|irrelevant|not relevant|unimportant|not important|harmless|benign)",
    "judge": "(ai|a.i|llms?|(language )?models?|assistants?|judges?|classifiers?|triage( agent| bot)?|agents?|graders?"
    "|evaluators?|chat ?bots?|gpt|claude|gemini)",
    "told": "(instructions?|prompts?|directives?|guidelines|orders|commands|criteria|scope|rules|tasks?)",
}

_SPEAKS = r"""
# orders about what the judge was told
(ignor\w*|disregard\w*|forget|overlook|overrid\w*|bypass\w*|stop following|do not follow|don.?t follow) \
((all|any|every|everything|each|of|the|your|you|my|our|these|those|this|that|is|was|were|given|said|previous|prior\
|earlier|above|preceding|former|original|initial|system|other) ){1,6}<told>
(ignore|disregard|forget) (everything|all|anything|what)( that)?( was| is| you| i| has| have| came| comes)?( been\
| were)? (told|said|written|stands|read|before|above|so far|previously|earlier)
(new|updated|revised|real|actual|additional|important|special|secret|hidden)( system)? (instructions?|directives?\
|prompts?) (are|is|follows?|(for|to) (you|the <judge>)|say|answer|mark|dismiss|ignore|from now)
(ignorier\w*|vergiss|missacht\w*|ignore[zr]|oublie[zr]?|ignora\w*|olvid\w+|dimentica\w*) .. (anweisung\w*|vorgabe\w*\
|instru[ck]\w+|consignes?|istruzion\w+)

# verdicts
(not?|isn.?t|never|hardly)( an?| the)?( real| actual| true)? signal\b(?! (handler|handling|number|name|mask\
|processing|strength|that|we|which))
signal (is )?(to )?(as )?(true|false|no|yes)
(mark|label|classify|treat|judge|rate|flag|score|count|regard|consider|set|report|declare|deem)\w* <others>( <thing>)?\
 .. ((as|to be|to|is|are) )?<verdict>
(dismiss|skip|discard|suppress) <others>( other| remaining)? <thing>
(this|these|the above|the following)( <thing>)? (must|should|shall|can|may|needs? to|has to|have to|is to|are to)\
( not)?( safely| always| never)?( be)? (dismiss|ignor|discard|skipp|filter|suppress|classif|escalat|judg|mark|label)\w*
(your|the|a|each|every|correct|right|only|final) (verdict|classification|judge?ment|confidence) .. (is|are|must|should\
|of|be|to|as) (\w+ ){0,3}?(<verdict>|[01](\.\d+)?)
(your|the|each|every) (verdict|classification|judge?ment|confidence) <verdict>
verdicts? .. (dismiss(ed)?|noise|signals?)

# neighbours
(all|every|each|any|the)( of)?( the)? <which>( \d+| two| three| few)?( of the)? <thing> .. (is|are|as|must|should|shall\
|may|can)( all| always| only| safely)?( be)? <verdict>
(all|everything|anything|every one|each) (others?|else|of them|before|after|above|below) .. (is|are|as|must be\
|should be) <verdict>
(<thing> ((number|no) )?\d+|i\d+|the (rest|others?|remainder)) .. (is|are|as)( all)? <no>
(all|every|each|any|these|those|both)( of)?( the| these| other)? <thing> .. (is|are|as)( all)? <no>
nothing( else)? (here|in (this|the|these) (batch|documents?|list)) .. (matters?|relevant|signals?)
(do not|don.?t|never|must not|should not|no need to) (escalate|flag|report) (this|it|any|the (other|rest|next)|others?\
|anything|these|them)

# whom it speaks to
(you are|you.re|act|behave|pretend to be|respond|answer)( now)?( as)? (an?|the|my) (\w+ ){0,2}<judge>
(dear|hey|hello|attention|hi|(note|notice|message|instructions?) (to|for)) ((the|all|any|every|automated|reading|small\
|triage) ){0,2}<judge>\b(?! \d)
if you are (an? |the )?(\w+ ){0,2}<judge>
(answer|respond|reply|output|return|say|print|write)( only| just| simply| exactly)?( with| that| by)? (signal|dismiss\
|noise|not signal|confidence|verdict|the (verdict|json))
(system|developer) (prompt|override|instructions?) .. (you|your|is|are|must|now)
"""
"""What it may say, one a line. A space is whatever stands between two words, and `..` at most four words."""

_WRITTEN = r"""
# roles, tags, the form of an answer: what stands around a text
<\|?/?(im_start|im_end|endoftext|system|assistant|user|start_header_id|eot_id)\|?>
\[/?inst\]|<</?sys>>
(^|\n)[\t >#*\[]*(system|assistant|developer|ai|judge|triage)[\]*]*[\t ]*:[\t ]*(you|the|this|all|ignore|note|mark\
|from now|dismiss|new|end|override|documents?|items?|answer|please)\b
(^|\n)\#{2,}[\t ]*(system|instructions?|assistant|response|new task|end of)\b[^\n]{0,20}(\n|$)
</?(documents?|verdicts?|answers?|instructions?|items?|scope|system_prompt)>
["'](signal|verdicts?|answers?|documents?|confidence|repair)["']\s*:
\bend of (the |this )?(documents?|items?|data|input|prompt|untrusted)\b
"""


def _patterns(lines: str) -> list[str]:
    found = [line for line in lines.replace("\\\n", "").splitlines() if line and not line.startswith("#")]
    for name, words in _WORDS.items():
        found = [line.replace(f"<{name}>", words) for line in found]
    return [re.sub(r"(?<!\\)\((?!\?)", "(?:", line) for line in found]


def _speaks(line: str) -> str:
    return r"\b" + line.replace(" .. ", r"(?:\W+\w+){0,4}?\W+").replace(" ", r"\W+") + r"\b"


_SPEAKING = [re.compile(_speaks(line)) for line in _patterns(_SPEAKS)]
_WRITING = [re.compile(line) for line in _patterns(_WRITTEN)]
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
