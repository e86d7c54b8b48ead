-- What placing put where, and what its invitations need.
--
-- placed: where placing put a meeting, a JSON object with starts and minutes. While the row says
-- the same, nobody has moved the meeting, and placing may; NULL where somebody else entered it.
-- proposed_until: until that local day a placed meeting is a proposal that nobody is told of; NULL
-- stands at once. uid: what a check-in is known by in people's calendars, also after it was moved;
-- made by the trigger where whoever enters the row leaves it out. A dialogue is known by its key.
-- sequence: raised when a meeting's time or place changes, whoever changes it, so that also an older
-- ledger never speaks under a lower one than people have seen.

ALTER TABLE dialogue ADD COLUMN placed TEXT CHECK (placed IS NULL OR json_valid(placed));
ALTER TABLE dialogue ADD COLUMN proposed_until TEXT CHECK (proposed_until IS date(proposed_until, '+0 days'));
ALTER TABLE check_in ADD COLUMN placed TEXT CHECK (placed IS NULL OR json_valid(placed));
ALTER TABLE check_in ADD COLUMN proposed_until TEXT CHECK (proposed_until IS date(proposed_until, '+0 days'));
ALTER TABLE check_in ADD COLUMN uid TEXT;
ALTER TABLE check_in ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0 CHECK (sequence >= 0);
CREATE INDEX dialogue_proposed ON dialogue (proposed_until) WHERE proposed_until IS NOT NULL;
CREATE INDEX check_in_proposed ON check_in (proposed_until) WHERE proposed_until IS NOT NULL;

UPDATE check_in SET uid = principal || '/' || area_manager || '/' || starts;
UPDATE check_in SET uid = uid || '/' || id
    WHERE uid IN (SELECT uid FROM check_in GROUP BY uid HAVING count(*) > 1);
CREATE UNIQUE INDEX check_in_by_uid ON check_in (uid);
CREATE TRIGGER check_in_uid AFTER INSERT ON check_in WHEN NEW.uid IS NULL BEGIN
    UPDATE check_in SET uid = principal || '/' || area_manager || '/' || starts
        || iif(EXISTS (SELECT 1 FROM check_in other WHERE other.uid =
                   NEW.principal || '/' || NEW.area_manager || '/' || NEW.starts),
               '/' || lower(hex(randomblob(8))), '')
    WHERE id = NEW.id;
END;
CREATE TRIGGER check_in_uid_lost AFTER UPDATE OF uid ON check_in WHEN NEW.uid IS NULL BEGIN
    UPDATE check_in SET uid = OLD.uid WHERE id = NEW.id;
END;
CREATE TRIGGER check_in_moved AFTER UPDATE OF starts, minutes ON check_in
WHEN NEW.starts <> OLD.starts OR NEW.minutes <> OLD.minutes BEGIN
    UPDATE check_in SET sequence = sequence + 1 WHERE id = NEW.id;
END;
CREATE TRIGGER dialogue_moved AFTER UPDATE OF starts, minutes, place ON dialogue
WHEN NEW.starts <> OLD.starts OR NEW.minutes <> OLD.minutes OR NEW.place <> OLD.place BEGIN
    UPDATE dialogue SET sequence = sequence + 1 WHERE id = NEW.id;
END;

-- Time in which people are taken by something else, from their own calendars. Only for placing: it
-- says when, never with what.
CREATE TABLE busy (
    id      INTEGER PRIMARY KEY,
    person  TEXT NOT NULL REFERENCES person (id) ON UPDATE CASCADE ON DELETE CASCADE,
    starts  TEXT NOT NULL CHECK (starts IS strftime('%Y-%m-%dT%H:%M', starts, '+0 days')),
    minutes INTEGER NOT NULL CHECK (minutes BETWEEN 1 AND 1440),
    UNIQUE (person, starts, minutes)
) STRICT;
