-- The ledger: what was said. The daemon's alone. Due dates and slots are local ISO dates; a
-- column ending in _utc is an instant in whole seconds.

CREATE TABLE mail (
    id               INTEGER PRIMARY KEY,
    person           TEXT NOT NULL,
    slot             TEXT NOT NULL,          -- the local day it is meant for
    message_id       TEXT NOT NULL UNIQUE,   -- stored before the first try, never changed
    state            TEXT NOT NULL CHECK (state IN
                         ('waiting', 'sending', 'sent', 'refused', 'held', 'withdrawn', 'dropped')),
    attempts         INTEGER NOT NULL DEFAULT 0,  -- tries that said something of this mail, not of the relay
    uncertain        INTEGER NOT NULL DEFAULT 0,  -- tries whose answer to the final dot is unknown
    next_attempt_utc INTEGER NOT NULL,
    dot_utc          INTEGER,                -- set durably before the content leaves; bytes are frozen from here
    created_utc      INTEGER NOT NULL,
    settled_utc      INTEGER,                -- when the state became final
    sent_on          TEXT,                   -- the local day the content last left; one mail a person and day
    address          TEXT,
    subject          TEXT,
    bytes            BLOB
) STRICT;
-- One mail at most gathers what a person is to be told; what may already have left is another's affair.
CREATE UNIQUE INDEX mail_gathering ON mail (person) WHERE state = 'waiting' AND dot_utc IS NULL;
CREATE INDEX mail_queue ON mail (next_attempt_utc) WHERE state = 'waiting';
CREATE INDEX mail_open ON mail (state) WHERE state IN ('sending', 'held', 'refused');
CREATE INDEX mail_by_person ON mail (person, sent_on);

CREATE TABLE attempt (
    id      INTEGER PRIMARY KEY,
    mail    INTEGER NOT NULL REFERENCES mail (id) ON DELETE CASCADE,
    at_utc  INTEGER NOT NULL,
    stage   TEXT NOT NULL,
    code    INTEGER,
    reply   TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'temporary', 'permanent', 'unknown', 'expired'))
) STRICT;
CREATE INDEX attempt_by_mail ON attempt (mail);

CREATE TABLE notice (
    id         INTEGER PRIMARY KEY,
    occurrence TEXT NOT NULL,
    step       INTEGER NOT NULL,             -- working days from the due date; negative before it
    recipient  TEXT NOT NULL,                -- who held the duty, also when a deputy got the mail
    role       TEXT NOT NULL,
    due        TEXT NOT NULL,
    area       TEXT NOT NULL DEFAULT '',     -- whose slice of the calendar decided it; '' the authority's
    decision   TEXT NOT NULL CHECK (decision IN ('said', 'withdrawn', 'superseded')),
    reason     TEXT NOT NULL,
    at_utc     INTEGER NOT NULL,
    on_day     TEXT NOT NULL,                -- the local day it was decided
    mail       INTEGER REFERENCES mail (id) ON DELETE SET NULL,
    UNIQUE (occurrence, recipient, role, due, step)
) STRICT;
CREATE INDEX notice_by_mail ON notice (mail);
CREATE INDEX notice_by_day ON notice (recipient, on_day);

CREATE TABLE link (
    hash    BLOB PRIMARY KEY,
    person  TEXT NOT NULL,
    duty    TEXT NOT NULL,
    expires_utc INTEGER NOT NULL,
    used_utc    INTEGER
) STRICT, WITHOUT ROWID;

-- When each area is next worth looking at: a tick costs what is due, not what is stored.
CREATE TABLE agenda (
    area    TEXT PRIMARY KEY,                -- '' the authority's own slice
    look_on TEXT NOT NULL                    -- local day
) STRICT, WITHOUT ROWID;
CREATE INDEX agenda_by_day ON agenda (look_on);

-- One row a fact the daemon keeps about itself: which calendar it last read and how far, when
-- it last ticked.
CREATE TABLE fact (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
