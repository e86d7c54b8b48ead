-- What the last import said of records that people also answer about: a JSON object by column. A
-- file that says the same again takes back nothing that was recorded in between; a file that says
-- something new does. NULL where no import has said anything, and in rows that are older than
-- this column: the first file that speaks of such a row is new to it and taken at its word, also
-- over what was recorded before; from then on what is recorded stands. NULL is named in the check,
-- since to SQLite before 3.42 it is no valid JSON, and the authority's systems bring their own.

ALTER TABLE absence ADD COLUMN imported TEXT CHECK (imported IS NULL OR json_valid(imported));
ALTER TABLE evaluation ADD COLUMN imported TEXT CHECK (imported IS NULL OR json_valid(imported));
ALTER TABLE dialogue ADD COLUMN imported TEXT CHECK (imported IS NULL OR json_valid(imported));
ALTER TABLE check_in ADD COLUMN imported TEXT CHECK (imported IS NULL OR json_valid(imported));
ALTER TABLE activity ADD COLUMN imported TEXT CHECK (imported IS NULL OR json_valid(imported));
