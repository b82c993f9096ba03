"""The tier `learned`: ranking with the labels that it picks, what a promised cut delivers, and speed; on the recorded
streams, which lie in the folder that PLATOS_STREAMS names. scikit-learn beside it."""

from _bench import OURS, own, peer, run

run(
    "What triage learns",
    [own(OURS, "triage_platos.py", patience=1_800), peer("scikit-learn", "triage_sklearn.py")],
    rounds=1,
)
