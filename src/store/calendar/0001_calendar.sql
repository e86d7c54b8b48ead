-- The calendar: what is so. A public interface; other systems may read and write it while the
-- daemon runs. Dates are ISO text (2026-12-03), local times are ISO text without seconds
-- (2026-12-03T08:30) in the authority's zone, and a column ending in _utc is an instant.

CREATE TABLE area (
    id   TEXT PRIMARY KEY CHECK (trim(id) <> ''),
    name TEXT NOT NULL CHECK (trim(name) <> '')
) STRICT, WITHOUT ROWID;

CREATE TABLE school_unit (
    code        TEXT PRIMARY KEY CHECK (code GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'),
    name        TEXT NOT NULL CHECK (trim(name) <> ''),
    area        TEXT NOT NULL REFERENCES area (id) ON UPDATE CASCADE,
    level       TEXT NOT NULL DEFAULT 'standard' CHECK (level IN ('standard', 'reinforced')),
    active_from TEXT CHECK (active_from IS date(active_from, '+0 days')),
    active_to   TEXT CHECK (active_to IS date(active_to, '+0 days')),
    successor   TEXT REFERENCES school_unit (code) ON UPDATE CASCADE,
    CHECK (active_to >= active_from),
    CHECK (successor <> code)
) STRICT, WITHOUT ROWID;
CREATE INDEX school_unit_by_area ON school_unit (area);

CREATE TABLE person (
    id       TEXT PRIMARY KEY CHECK (trim(id) <> ''),
    name     TEXT NOT NULL CHECK (trim(name) <> ''),
    email    TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT 'sv' CHECK (language IN ('sv', 'en'))
) STRICT, WITHOUT ROWID;

CREATE TABLE appointment (
    id         INTEGER PRIMARY KEY,
    person     TEXT NOT NULL REFERENCES person (id) ON UPDATE CASCADE ON DELETE CASCADE,
    role       TEXT NOT NULL CHECK (role IN ('principal', 'assistant_principal', 'acting_principal',
                   'area_manager', 'school_director', 'quality_officer', 'development_officer')),
    unit       TEXT REFERENCES school_unit (code) ON UPDATE CASCADE,
    area       TEXT REFERENCES area (id) ON UPDATE CASCADE,
    valid_from TEXT CHECK (valid_from IS date(valid_from, '+0 days')),
    valid_to   TEXT CHECK (valid_to IS date(valid_to, '+0 days')),
    CHECK (valid_to >= valid_from),
    CHECK (unit IS NULL OR area IS NULL),
    CHECK (role NOT IN ('principal', 'assistant_principal', 'acting_principal') OR unit IS NOT NULL),
    CHECK (role <> 'area_manager' OR area IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX appointment_once ON appointment
    (person, role, ifnull(unit, ''), ifnull(area, ''), ifnull(valid_from, ''));
CREATE INDEX appointment_by_unit ON appointment (unit) WHERE unit IS NOT NULL;
CREATE INDEX appointment_by_area ON appointment (area) WHERE area IS NOT NULL;
CREATE INDEX appointment_of_authority ON appointment (role) WHERE unit IS NULL AND area IS NULL;

CREATE TABLE absence (
    id        INTEGER PRIMARY KEY,
    person    TEXT NOT NULL REFERENCES person (id) ON UPDATE CASCADE ON DELETE CASCADE,
    away_from TEXT NOT NULL CHECK (away_from IS date(away_from, '+0 days')),
    away_to   TEXT NOT NULL CHECK (away_to IS date(away_to, '+0 days')),
    deputy    TEXT REFERENCES person (id) ON UPDATE CASCADE ON DELETE SET NULL,
    CHECK (away_to >= away_from),
    CHECK (deputy <> person),
    UNIQUE (person, away_from)
) STRICT;
CREATE INDEX absence_by_deputy ON absence (deputy);

CREATE TABLE development_area (
    id          INTEGER PRIMARY KEY,
    unit        TEXT NOT NULL REFERENCES school_unit (code) ON UPDATE CASCADE,
    school_year TEXT NOT NULL CHECK (school_year GLOB '[12][0-9][0-9][0-9]/[0-9][0-9]'),
    title       TEXT NOT NULL CHECK (trim(title) <> ''),
    ordinal     INTEGER NOT NULL DEFAULT 0,
    UNIQUE (unit, school_year, title)
) STRICT;

CREATE TABLE measure (
    id               TEXT PRIMARY KEY CHECK (trim(id) <> ''),
    unit             TEXT NOT NULL REFERENCES school_unit (code) ON UPDATE CASCADE,
    school_year      TEXT NOT NULL CHECK (school_year GLOB '[12][0-9][0-9][0-9]/[0-9][0-9]'),
    development_area INTEGER REFERENCES development_area (id) ON DELETE SET NULL,
    team             TEXT NOT NULL DEFAULT '',
    decision         TEXT NOT NULL CHECK (trim(decision) <> ''),
    expected_effect  TEXT NOT NULL DEFAULT '',
    indicator        TEXT NOT NULL DEFAULT '',
    responsible      TEXT REFERENCES person (id) ON UPDATE CASCADE ON DELETE SET NULL,
    decided_on       TEXT CHECK (decided_on IS date(decided_on, '+0 days')),
    evaluate_by      TEXT NOT NULL CHECK (evaluate_by IS date(evaluate_by, '+0 days')),
    status           TEXT NOT NULL DEFAULT 'ongoing' CHECK (status IN ('ongoing', 'completed', 'cancelled'))
) STRICT, WITHOUT ROWID;
CREATE INDEX measure_by_unit ON measure (unit, school_year);
CREATE INDEX measure_by_responsible ON measure (responsible);
CREATE INDEX measure_by_development_area ON measure (development_area);

CREATE TABLE evaluation (
    id           INTEGER PRIMARY KEY,
    measure      TEXT NOT NULL REFERENCES measure (id) ON UPDATE CASCADE ON DELETE CASCADE,
    evaluated_on TEXT NOT NULL CHECK (evaluated_on IS date(evaluated_on, '+0 days')),
    evaluated_by TEXT REFERENCES person (id) ON UPDATE CASCADE ON DELETE SET NULL,
    effect       TEXT CHECK (effect IN ('good', 'some', 'none', 'not_assessable', 'too_early')),
    text         TEXT NOT NULL DEFAULT '',
    next_step    TEXT CHECK (next_step IN ('continue', 'adjust', 'close')),
    next_date    TEXT CHECK (next_date IS date(next_date, '+0 days')),
    CHECK (effect <> 'too_early' OR next_date IS NOT NULL),
    CHECK (next_date > evaluated_on)
) STRICT;
CREATE INDEX evaluation_by_measure ON evaluation (measure, evaluated_on);

CREATE TABLE dialogue (
    id          INTEGER PRIMARY KEY,
    unit        TEXT NOT NULL REFERENCES school_unit (code) ON UPDATE CASCADE,
    school_year TEXT NOT NULL CHECK (school_year GLOB '[12][0-9][0-9][0-9]/[0-9][0-9]'),
    round       TEXT NOT NULL CHECK (round IN ('explore', 'evaluate')),
    starts      TEXT NOT NULL CHECK (starts IS strftime('%Y-%m-%dT%H:%M', starts, '+0 days')),
    minutes     INTEGER NOT NULL DEFAULT 90 CHECK (minutes BETWEEN 5 AND 1440),
    place       TEXT NOT NULL DEFAULT '',
    state       TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'held', 'cancelled')),
    sequence    INTEGER NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    UNIQUE (unit, school_year, round)
) STRICT;

CREATE TABLE focus_area (
    id        INTEGER PRIMARY KEY,
    dialogue  INTEGER NOT NULL REFERENCES dialogue (id) ON DELETE CASCADE,
    chosen_by TEXT NOT NULL CHECK (chosen_by IN ('principal', 'authority')),
    text      TEXT NOT NULL CHECK (trim(text) <> ''),
    UNIQUE (dialogue, chosen_by)
) STRICT;

CREATE TABLE check_in (
    id           INTEGER PRIMARY KEY,
    principal    TEXT NOT NULL REFERENCES person (id) ON UPDATE CASCADE ON DELETE CASCADE,
    area_manager TEXT NOT NULL REFERENCES person (id) ON UPDATE CASCADE ON DELETE CASCADE,
    starts       TEXT NOT NULL CHECK (starts IS strftime('%Y-%m-%dT%H:%M', starts, '+0 days')),
    minutes      INTEGER NOT NULL DEFAULT 45 CHECK (minutes BETWEEN 5 AND 1440),
    state        TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'held', 'cancelled')),
    held_on      TEXT CHECK (held_on IS date(held_on, '+0 days')),
    note         TEXT NOT NULL DEFAULT '',
    CHECK (principal <> area_manager),
    CHECK (state <> 'held' OR held_on IS NOT NULL),
    UNIQUE (principal, area_manager, starts)
) STRICT;
CREATE INDEX check_in_by_manager ON check_in (area_manager, starts);

CREATE TABLE activity (
    id    TEXT PRIMARY KEY CHECK (trim(id) <> ''),
    title TEXT NOT NULL CHECK (trim(title) <> ''),
    unit  TEXT REFERENCES school_unit (code) ON UPDATE CASCADE,
    area  TEXT REFERENCES area (id) ON UPDATE CASCADE,
    role  TEXT NOT NULL CHECK (role IN ('principal', 'assistant_principal', 'acting_principal',
              'area_manager', 'school_director', 'quality_officer', 'development_officer')),
    due   TEXT NOT NULL CHECK (due IS date(due, '+0 days')),
    done  TEXT CHECK (done IS date(done, '+0 days')),
    CHECK (unit IS NULL OR area IS NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_by_unit ON activity (unit) WHERE unit IS NOT NULL;
CREATE INDEX activity_by_area ON activity (area) WHERE area IS NOT NULL;
CREATE INDEX activity_of_authority ON activity (due) WHERE unit IS NULL AND area IS NULL;

-- Who changed what, when and through which door. Rows an outside system writes are its own affair.
CREATE TABLE journal (
    id      INTEGER PRIMARY KEY,
    at_utc  INTEGER NOT NULL,
    door    TEXT NOT NULL CHECK (door IN ('link', 'command', 'import')),
    who     TEXT NOT NULL,
    what    TEXT NOT NULL
) STRICT;
