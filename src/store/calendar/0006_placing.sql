-- What placing put where, and what its invitations need.
--
-- placed: where placing put a meeting, a JSON object by column. While the row says the same, nobody
-- has moved the meeting, and placing may; NULL where somebody else entered it.
-- proposed_until: until that local day a placed meeting is a proposal that nobody is told of; NULL
-- stands at once. uid: what a check-in is known by in people's calendars, also after it was moved;
-- made by the trigger where whoever enters the row leaves it out. A dialogue is known by its key.

ALTER TABLE dialogue ADD COLUMN placed TEXT CHECK (placed IS NULL OR json_valid(placed));
ALTER TABLE dialogue ADD COLUMN proposed_until TEXT CHECK (proposed_until IS date(proposed_until, '+0 days'));
ALTER TABLE check_in ADD COLUMN placed TEXT CHECK (placed IS NULL OR json_valid(placed));
ALTER TABLE check_in ADD COLUMN proposed_until TEXT CHECK (proposed_until IS date(proposed_until, '+0 days'));
ALTER TABLE check_in ADD COLUMN uid TEXT;

UPDATE check_in SET uid = principal || '/' || area_manager || '/' || starts;
CREATE UNIQUE INDEX check_in_by_uid ON check_in (uid);
CREATE TRIGGER check_in_uid AFTER INSERT ON check_in WHEN NEW.uid IS NULL BEGIN
    UPDATE check_in SET uid = principal || '/' || area_manager || '/' || starts
        || iif(EXISTS (SELECT 1 FROM check_in other WHERE other.uid =
                   NEW.principal || '/' || NEW.area_manager || '/' || NEW.starts),
               '/' || lower(hex(randomblob(8))), '')
    WHERE id = NEW.id;
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
