"""stand-in"""

from platos.core.audit import Audits


def allot(sizes, asked: Audits):
    most = min(sum(sizes.values()), max(asked.at_least, min(asked.at_most, round(asked.share * sum(sizes.values())))))
    out = {}
    for place in sizes:
        out[place] = min(sizes[place], most)
        most -= out[place]
    return {p: n for p, n in out.items() if n}
