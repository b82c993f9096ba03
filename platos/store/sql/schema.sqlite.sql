-- The state of a workspace, in one file. Times are microseconds since 1970 UTC, money is nano-dollars.
--
-- Primary: what the world gave us and cannot be made again (specialists, cursors, items, verdicts, labels, audits,
-- decisions, occurrences, the journal). Projections: what the journal says, laid out to be asked (runs, gates, effects,
-- evidence, autopilots, always, accounts, reservations). Only an event writes a projection.
-- What facts are found in (notes, passages) is neither: files and the journal say it, and it can be thrown away.
--
-- `checksum` is over the other columns of its row, so that a flipped bit is found where nothing else would tell. Runs
-- and accounts have one once retention has dropped the events that they could be made again from.

-- What the file is: schema version, epoch of the process that owns it, how far the journal is verified.
CREATE TABLE meta (
    key      TEXT PRIMARY KEY,
    value    INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) WITHOUT ROWID;

-- The next number of each kind of thing that people call by a number. A number is never given twice.
CREATE TABLE counters (
    name   TEXT PRIMARY KEY,
    last   INTEGER NOT NULL,
    mirror INTEGER NOT NULL
) WITHOUT ROWID;

-- The journal: what happened, in order. Each chain is linked by hash; a run's chain is sealed into the system's.
CREATE TABLE chains (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    sealed INTEGER NOT NULL DEFAULT 0,
    cut    INTEGER NOT NULL DEFAULT 0,
    base   BLOB
);
CREATE TABLE journal (
    seq   INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL REFERENCES chains (id),
    n     INTEGER NOT NULL,
    body  BLOB NOT NULL,
    hash  BLOB NOT NULL
);
CREATE UNIQUE INDEX journal_chain ON journal (chain, n);

-- Large contents, once each, by digest: definitions of specialists, results of steps.
CREATE TABLE payloads (
    digest  TEXT PRIMARY KEY,
    content BLOB NOT NULL
) WITHOUT ROWID;

-- A sleeping specialist is this row. `due` is empty where it does not wake by itself; `reached` is the latest slot
-- that is accounted for, and never goes back; `problem` is why its file, as it stands, is not in force; `paused` is the
-- entry of the journal that paused it. One that is made of a template has its `parameters`, as JSON, and `definition` is
-- the template, which is kept once for all of them; `since` is when that came into force. The rows lie in the order in which they came, and those that are made together
-- come in the order of their slots: those that wake at one time are neighbours, and few pages change.
CREATE TABLE specialists (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL REFERENCES payloads (digest),
    parameters TEXT,
    since      INTEGER,
    due        INTEGER,
    last_slot  INTEGER,
    reached    INTEGER,
    wakes      INTEGER NOT NULL DEFAULT 0,
    quiet      INTEGER NOT NULL DEFAULT 0,
    loud       INTEGER NOT NULL DEFAULT 0,
    present    INTEGER NOT NULL DEFAULT 1,
    problem    TEXT NOT NULL DEFAULT '',
    paused     INTEGER REFERENCES journal (seq),
    checksum   INTEGER NOT NULL
);
CREATE INDEX specialists_due ON specialists (due) WHERE due IS NOT NULL AND paused IS NULL;
CREATE INDEX specialists_files ON specialists (name) WHERE parameters IS NULL;
CREATE INDEX specialists_paused ON specialists (paused) WHERE paused IS NOT NULL;

-- How far each source of a specialist has been read, and what is wrong with it now. The rows lie as the specialists' do.
-- The checksum is over the specialist's name, and not over its number.
CREATE TABLE cursors (
    specialist INTEGER NOT NULL REFERENCES specialists (id),
    source     TEXT NOT NULL,
    position   BLOB NOT NULL,
    failures   INTEGER NOT NULL DEFAULT 0,
    problem    TEXT NOT NULL DEFAULT '',
    checksum   INTEGER NOT NULL,
    PRIMARY KEY (specialist, source)
) WITHOUT ROWID;
CREATE INDEX cursors_problems ON cursors (specialist) WHERE problem <> '';

-- Wake-ups that were not quiet, and slots that did not run. A row may cover several missed slots: `slot` to `last`.
CREATE TABLE occurrences (
    specialist TEXT NOT NULL REFERENCES specialists (name),
    slot       INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    slots      INTEGER NOT NULL DEFAULT 1,
    outcome    TEXT NOT NULL,
    why        TEXT NOT NULL DEFAULT '',
    items      INTEGER NOT NULL DEFAULT 0,
    started    INTEGER NOT NULL,
    ended      INTEGER NOT NULL,
    checksum   INTEGER NOT NULL,
    PRIMARY KEY (specialist, slot, outcome)
) WITHOUT ROWID;

-- What sources yielded, once for each content. `run` took it as a signal; `withdrawn` is when its source had it no more.
CREATE TABLE items (
    number         INTEGER PRIMARY KEY,
    specialist     TEXT NOT NULL REFERENCES specialists (name),
    source         TEXT NOT NULL,
    id             TEXT NOT NULL,
    digest         TEXT NOT NULL,
    state          TEXT NOT NULL,
    seen           INTEGER NOT NULL,
    run            INTEGER,
    withdrawn      INTEGER,
    checksum       INTEGER NOT NULL,
    state_checksum INTEGER NOT NULL,
    UNIQUE (specialist, source, id, digest)
);
CREATE INDEX items_open ON items (specialist, state) WHERE state IN ('new', 'waiting') OR (state = 'signal' AND run IS NULL);
CREATE INDEX items_run ON items (run) WHERE run IS NOT NULL;

-- What an item says. Of an old one it is gone, and the item is still known.
CREATE TABLE contents (
    item     INTEGER PRIMARY KEY REFERENCES items (number),
    body     BLOB NOT NULL,
    checksum INTEGER NOT NULL
);

-- Every tier's answer for every item that it saw.
CREATE TABLE verdicts (
    item       INTEGER NOT NULL REFERENCES items (number),
    position   INTEGER NOT NULL,
    tier       TEXT NOT NULL,
    decision   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    confidence REAL NOT NULL,
    cost       INTEGER NOT NULL,
    model      TEXT NOT NULL,
    at         INTEGER NOT NULL,
    checksum   INTEGER NOT NULL,
    PRIMARY KEY (item, at, position)
) WITHOUT ROWID;

-- What people said of items: was it a signal? The last word of each, and how it came to be said. `taught` grows with
-- every label of a specialist, a new one for the same item too.
CREATE TABLE labels (
    item       INTEGER PRIMARY KEY REFERENCES items (number),
    specialist TEXT NOT NULL,
    signal     INTEGER NOT NULL,
    origin     TEXT NOT NULL,
    author     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    why        TEXT NOT NULL DEFAULT '',
    taught     INTEGER NOT NULL,
    checksum   INTEGER NOT NULL
);
CREATE UNIQUE INDEX labels_taught ON labels (specialist, taught);

-- Items that were judged and then drawn to be looked at: whose word was the last, from which stratum, with what chance.
CREATE TABLE audits (
    item       INTEGER PRIMARY KEY REFERENCES items (number),
    specialist TEXT NOT NULL,
    tier       TEXT NOT NULL,
    stratum    TEXT NOT NULL,
    chance     REAL NOT NULL,
    addressee  TEXT NOT NULL,
    drawn      INTEGER NOT NULL,
    checksum   INTEGER NOT NULL
);
CREATE INDEX audits_drawn ON audits (specialist, drawn);

-- The durable work that signals started. `due` is when a waiting run goes on by itself, `failure` the class of failure
-- that it ended with, `unsure` that it has waited because a model was not sure. Its plans and its steps stand in its
-- chain of the journal.
CREATE TABLE runs (
    id         INTEGER PRIMARY KEY,
    specialist TEXT NOT NULL,
    definition TEXT NOT NULL REFERENCES payloads (digest),
    state      TEXT NOT NULL,
    revision   INTEGER NOT NULL DEFAULT 0,
    outcome    TEXT,
    why        TEXT NOT NULL DEFAULT '',
    due        INTEGER,
    opened     INTEGER NOT NULL,
    ended      INTEGER,
    failure    TEXT NOT NULL DEFAULT '',
    unsure     INTEGER NOT NULL DEFAULT 0,
    valid_until INTEGER,
    checksum   INTEGER
);
CREATE INDEX runs_open ON runs (specialist, id) WHERE state IN ('pending', 'running', 'needs_review');
CREATE INDEX runs_due ON runs (due) WHERE due IS NOT NULL;
CREATE INDEX runs_valid ON runs (valid_until)
    WHERE valid_until IS NOT NULL AND state IN ('pending', 'running', 'needs_review');
CREATE INDEX runs_dead ON runs (id) WHERE state = 'failed';

-- Where a node waits for a person, and the answer.
CREATE TABLE gates (
    id      INTEGER PRIMARY KEY,
    run     INTEGER NOT NULL REFERENCES runs (id),
    effect  TEXT NOT NULL,
    state   TEXT NOT NULL,
    digest  TEXT NOT NULL,
    event   INTEGER NOT NULL REFERENCES journal (seq),
    opened  INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    decided INTEGER,
    decider TEXT NOT NULL DEFAULT '',
    reason  TEXT NOT NULL DEFAULT ''
);
CREATE INDEX gates_open ON gates (expires) WHERE state = 'open';
CREATE INDEX gates_effect ON gates (effect);
CREATE INDEX gates_run ON gates (run);
CREATE INDEX gates_event ON gates (event);

-- Outward calls of tools: intended, dispatched, and what the world answered.
CREATE TABLE effects (
    key       TEXT PRIMARY KEY,
    run       INTEGER NOT NULL REFERENCES runs (id),
    tool      TEXT NOT NULL,
    class     TEXT NOT NULL,
    state     TEXT NOT NULL,
    intended  INTEGER NOT NULL REFERENCES journal (seq),
    event     INTEGER NOT NULL REFERENCES journal (seq),
    autopilot INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX effects_run ON effects (run);
CREATE INDEX effects_intended ON effects (intended);
CREATE INDEX effects_event ON effects (event);
CREATE INDEX effects_unsettled ON effects (state) WHERE state IN ('dispatched', 'in_doubt');
CREATE INDEX effects_autopilot ON effects (autopilot) WHERE autopilot > 0;

-- What people decided on calls of tools, and what came of them: the record on which autopilots are earned. Entries of one
-- `click` are one decision, however many requests it answered. `arguments` are those that a predicate may speak of,
-- `autopilot` the one whose audit it was, or that ended, and then `predicate` is what it covered.
CREATE TABLE decisions (
    number     INTEGER PRIMARY KEY,
    click      INTEGER NOT NULL,
    specialist TEXT NOT NULL,
    tool       TEXT NOT NULL,
    contract   TEXT NOT NULL,
    class      TEXT NOT NULL,
    answer     TEXT NOT NULL,
    arguments  BLOB NOT NULL,
    autopilot  INTEGER NOT NULL,
    predicate  BLOB,
    author     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    checksum   INTEGER NOT NULL
);
CREATE INDEX decisions_tool ON decisions (specialist, tool, number);
CREATE INDEX decisions_autopilot ON decisions (autopilot, number) WHERE autopilot > 0;

-- Steps that have earned that they stop asking: proposed, on or off. `event` is the entry that proposed or promoted it;
-- retention may drop it, and the row vouches for itself.
CREATE TABLE autopilots (
    number     INTEGER PRIMARY KEY,
    specialist TEXT NOT NULL,
    tool       TEXT NOT NULL,
    contract   TEXT NOT NULL,
    predicate  BLOB NOT NULL,
    state      TEXT NOT NULL,
    back_test  TEXT NOT NULL,
    salt       TEXT NOT NULL,
    since      INTEGER NOT NULL,
    author     TEXT NOT NULL,
    ended      INTEGER,
    why        TEXT NOT NULL,
    event      INTEGER NOT NULL,
    checksum   INTEGER NOT NULL
);
CREATE INDEX autopilots_tool ON autopilots (specialist, tool);

-- Answers of people at gates that stand: which calls they cover, until when, and when they were taken back. `event` is the
-- entry that gave it; retention may drop it, and the row vouches for itself.
CREATE TABLE always (
    number     INTEGER PRIMARY KEY,
    specialist TEXT NOT NULL,
    tool       TEXT NOT NULL,
    contract   TEXT NOT NULL,
    predicate  BLOB NOT NULL,
    gate       INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    author     TEXT NOT NULL,
    expires    INTEGER NOT NULL,
    ended      INTEGER,
    why        TEXT NOT NULL,
    event      INTEGER NOT NULL,
    checksum   INTEGER NOT NULL
);
CREATE INDEX always_tool ON always (specialist, tool) WHERE ended IS NULL;

-- What the runtime itself saw.
CREATE TABLE evidence (
    number INTEGER PRIMARY KEY,
    run    INTEGER NOT NULL REFERENCES runs (id),
    kind   TEXT NOT NULL,
    event  INTEGER NOT NULL REFERENCES journal (seq)
);
CREATE INDEX evidence_run ON evidence (run);
CREATE INDEX evidence_event ON evidence (event);

-- Who may spend what. A name is a path and its window, and the unit where it is not money: `all/2026-11-21`,
-- `specialist/inbox/2026-11:calls`, `run/17`. `told` is the last mark, in percent, that its owner was told of.
CREATE TABLE accounts (
    name     TEXT PRIMARY KEY,
    cap      INTEGER NOT NULL,
    spent    INTEGER NOT NULL DEFAULT 0,
    reserved INTEGER NOT NULL DEFAULT 0,
    excess   INTEGER NOT NULL DEFAULT 0,
    told     INTEGER NOT NULL DEFAULT 0,
    checksum INTEGER,
    CHECK (spent >= 0 AND reserved >= 0 AND excess >= 0),
    CHECK (spent + reserved <= cap + excess)
) WITHOUT ROWID;

-- Accounts that nothing is spent on until a person has looked, whatever their window.
CREATE TABLE frozen (
    account TEXT PRIMARY KEY,
    why     TEXT NOT NULL,
    since   INTEGER NOT NULL,
    event   INTEGER NOT NULL REFERENCES journal (seq)
) WITHOUT ROWID;
CREATE INDEX frozen_event ON frozen (event);

-- Money held before a call, and what came of it. `accounts` are the lines of the path as JSON: a name, and how much is
-- held there. Tokens are by class; `prefix`, `request`, `response` and `rates` are digests of payloads.
CREATE TABLE reservations (
    id          INTEGER PRIMARY KEY,
    state       TEXT NOT NULL,
    accounts    TEXT NOT NULL,
    amount      INTEGER NOT NULL,
    charged     INTEGER NOT NULL DEFAULT 0,
    specialist  TEXT NOT NULL,
    run         INTEGER,
    step        TEXT NOT NULL,
    tier        TEXT NOT NULL,
    model       TEXT NOT NULL,
    price       TEXT NOT NULL,
    rates       TEXT NOT NULL,
    max_output  INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    cause       TEXT NOT NULL,
    instead     TEXT NOT NULL,
    prefix      TEXT NOT NULL,
    request     TEXT NOT NULL,
    response    TEXT NOT NULL DEFAULT '',
    served      TEXT NOT NULL DEFAULT '',
    service     TEXT NOT NULL DEFAULT '',
    finish      TEXT NOT NULL DEFAULT '',
    why         TEXT NOT NULL DEFAULT '',
    input       INTEGER NOT NULL DEFAULT 0,
    cached      INTEGER NOT NULL DEFAULT 0,
    stored      INTEGER NOT NULL DEFAULT 0,
    stored_long INTEGER NOT NULL DEFAULT 0,
    output      INTEGER NOT NULL DEFAULT 0,
    reasoning   INTEGER NOT NULL DEFAULT 0,
    latency     INTEGER NOT NULL DEFAULT 0,
    made        INTEGER NOT NULL,
    settled     INTEGER
);
CREATE INDEX reservations_held ON reservations (id) WHERE state = 'held';
CREATE INDEX reservations_run ON reservations (run) WHERE run IS NOT NULL;
CREATE INDEX reservations_made ON reservations (made);

-- Providers that are not called until somebody closes the breaker.
CREATE TABLE breakers (
    model    TEXT PRIMARY KEY,
    cause    TEXT NOT NULL,
    since    INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) WITHOUT ROWID;

-- Replies that triage paid for, by the digest of the question.
CREATE TABLE answers (
    question TEXT PRIMARY KEY,
    reply    BLOB NOT NULL,
    made     INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) WITHOUT ROWID;

-- What a tier of a specialist's ladder remembers between two wake-ups.
CREATE TABLE memories (
    specialist TEXT NOT NULL REFERENCES specialists (name),
    tier       TEXT NOT NULL,
    key        TEXT NOT NULL,
    value      BLOB NOT NULL,
    checksum   INTEGER NOT NULL,
    PRIMARY KEY (specialist, tier, key)
) WITHOUT ROWID;

-- Notes as they were read last: `stamp` tells whether a file has changed since. Where one cannot be read it is known too.
CREATE TABLE notes (
    path     TEXT PRIMARY KEY,
    stamp    TEXT NOT NULL,
    checksum INTEGER NOT NULL
) WITHOUT ROWID;

-- What facts are found in: the paragraphs of notes (`specialist` is empty) and what each run came to. The words are
-- what is compared, as `core/words.py` makes them.
CREATE TABLE passages (
    id          INTEGER PRIMARY KEY,
    specialist  TEXT NOT NULL,
    source      TEXT NOT NULL,
    n           INTEGER NOT NULL,
    title       TEXT NOT NULL,
    text        TEXT NOT NULL,
    private     INTEGER NOT NULL,
    title_words TEXT NOT NULL,
    text_words  TEXT NOT NULL,
    checksum    INTEGER NOT NULL,
    UNIQUE (source, n)
);
CREATE INDEX passages_specialist ON passages (specialist, id);

-- The index of their words, and how many passages have each. SQLite's alone: PostgreSQL has a generated column
-- `to_tsvector('simple', title_words || ' ' || text_words)` with a GIN index.
CREATE VIRTUAL TABLE passages_index USING fts5 (
    title_words, text_words, content = 'passages', content_rowid = 'id', tokenize = "ascii tokenchars '.'"
);
CREATE VIRTUAL TABLE passages_words USING fts5vocab ('passages_index', 'row');

-- What people are to be told of, until all was told or there is nothing to tell any more: the step of its ladder that
-- is next, and when.
CREATE TABLE matters (
    kind     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    step     INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (kind, subject)
) WITHOUT ROWID;
CREATE INDEX matters_due ON matters (due);

-- What a person is to be told by one of their notifiers, until it was: of which matter, up to which step, since when
-- and when, after how many tries, and why the last one failed.
CREATE TABLE notices (
    person   TEXT NOT NULL,
    notifier TEXT NOT NULL,
    kind     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    step     INTEGER NOT NULL,
    made     INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    tries    INTEGER NOT NULL DEFAULT 0,
    failure  TEXT NOT NULL DEFAULT '',
    checksum INTEGER NOT NULL,
    PRIMARY KEY (person, notifier, kind, subject)
) WITHOUT ROWID;
CREATE INDEX notices_due ON notices (due);
CREATE INDEX notices_matter ON notices (kind, subject);
