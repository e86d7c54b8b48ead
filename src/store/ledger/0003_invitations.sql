-- Invitations. Each has a mail of its own, apart from the day's, that names its meeting; of those
-- that wait there is one a person and meeting, so that it says what is so when it leaves, and a
-- cancellation never overtakes what it cancels.

ALTER TABLE mail ADD COLUMN meeting TEXT;    -- key of the meeting an invitation is about; NULL in the day's mail

DROP INDEX mail_gathering;
CREATE UNIQUE INDEX mail_gathering ON mail (person)
    WHERE state = 'waiting' AND dot_utc IS NULL AND meeting IS NULL;
CREATE UNIQUE INDEX mail_inviting ON mail (person, meeting)
    WHERE state = 'waiting' AND dot_utc IS NULL AND meeting IS NOT NULL;
CREATE INDEX mail_by_meeting ON mail (meeting, person) WHERE meeting IS NOT NULL;

CREATE TABLE invitation (
    mail     INTEGER PRIMARY KEY REFERENCES mail (id) ON DELETE CASCADE,
    area     TEXT NOT NULL,             -- whose slice of the calendar decided it
    method   TEXT NOT NULL CHECK (method IN ('request', 'cancel')),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    until    TEXT NOT NULL,             -- local end of the meeting: after it nothing more is said
    said     TEXT NOT NULL CHECK (json_valid(said)),    -- the meeting as it is told
    change   TEXT NOT NULL CHECK (json_valid(change))   -- why it is told
) STRICT;
CREATE INDEX invitation_by_area ON invitation (area, until);
