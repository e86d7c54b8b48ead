-- What changed, area by area, so that the daemon looks again only where something did. Kept by
-- triggers, so a change counts whoever makes it. '*' stands for every area, '' for the authority.

CREATE TABLE calendar_identity (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id   TEXT NOT NULL
) STRICT;
INSERT INTO calendar_identity (only, id) VALUES (1, lower(hex(randomblob(16))));

CREATE TABLE change (
    area TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE VIEW touch AS SELECT area FROM change;
CREATE TRIGGER touch_insert INSTEAD OF INSERT ON touch BEGIN
    INSERT INTO change (area, seq)
    VALUES (NEW.area, (SELECT ifnull(max(seq), 0) + 1 FROM change))
    ON CONFLICT (area) DO UPDATE SET seq = excluded.seq;
END;

-- The areas whose planning a person enters into.
CREATE VIEW person_area (person, area) AS
    SELECT a.person, u.area FROM appointment a JOIN school_unit u ON u.code = a.unit
    UNION ALL SELECT person, area FROM appointment WHERE area IS NOT NULL
    UNION ALL SELECT person, '*' FROM appointment WHERE unit IS NULL AND area IS NULL
    UNION ALL SELECT m.responsible, u.area FROM measure m JOIN school_unit u ON u.code = m.unit
        WHERE m.responsible IS NOT NULL;

CREATE TRIGGER area_insert AFTER INSERT ON area BEGIN
    INSERT INTO touch (area) VALUES (NEW.id);
END;
CREATE TRIGGER area_update AFTER UPDATE ON area BEGIN
    INSERT INTO touch (area) VALUES (OLD.id);
    INSERT INTO touch (area) VALUES (NEW.id);
END;
CREATE TRIGGER area_delete AFTER DELETE ON area BEGIN
    INSERT INTO touch (area) VALUES (OLD.id);
END;

CREATE TRIGGER school_unit_insert AFTER INSERT ON school_unit BEGIN
    INSERT INTO touch (area) VALUES (NEW.area);
END;
CREATE TRIGGER school_unit_update AFTER UPDATE ON school_unit BEGIN
    INSERT INTO touch (area) VALUES (OLD.area);
    INSERT INTO touch (area) VALUES (NEW.area);
END;
CREATE TRIGGER school_unit_delete AFTER DELETE ON school_unit BEGIN
    INSERT INTO touch (area) VALUES (OLD.area);
END;

CREATE TRIGGER person_insert AFTER INSERT ON person BEGIN
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = NEW.id;
END;
CREATE TRIGGER person_update AFTER UPDATE ON person BEGIN
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = OLD.id;
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = NEW.id;
END;
CREATE TRIGGER person_delete BEFORE DELETE ON person BEGIN
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = OLD.id;
END;

CREATE TRIGGER appointment_insert AFTER INSERT ON appointment BEGIN
    INSERT INTO touch (area) SELECT coalesce(NEW.area, (SELECT area FROM school_unit WHERE code = NEW.unit), '*');
END;
CREATE TRIGGER appointment_update AFTER UPDATE ON appointment BEGIN
    INSERT INTO touch (area) SELECT coalesce(OLD.area, (SELECT area FROM school_unit WHERE code = OLD.unit), '*');
    INSERT INTO touch (area) SELECT coalesce(NEW.area, (SELECT area FROM school_unit WHERE code = NEW.unit), '*');
END;
CREATE TRIGGER appointment_delete AFTER DELETE ON appointment BEGIN
    INSERT INTO touch (area) SELECT coalesce(OLD.area, (SELECT area FROM school_unit WHERE code = OLD.unit), '*');
END;

CREATE TRIGGER absence_insert AFTER INSERT ON absence BEGIN
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = NEW.person;
END;
CREATE TRIGGER absence_update AFTER UPDATE ON absence BEGIN
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = OLD.person;
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = NEW.person;
END;
CREATE TRIGGER absence_delete AFTER DELETE ON absence BEGIN
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = OLD.person;
END;

CREATE TRIGGER measure_insert AFTER INSERT ON measure BEGIN
    INSERT INTO touch (area) SELECT area FROM school_unit WHERE code = NEW.unit;
END;
CREATE TRIGGER measure_update AFTER UPDATE ON measure BEGIN
    INSERT INTO touch (area) SELECT area FROM school_unit WHERE code = OLD.unit;
    INSERT INTO touch (area) SELECT area FROM school_unit WHERE code = NEW.unit;
END;
CREATE TRIGGER measure_delete AFTER DELETE ON measure BEGIN
    INSERT INTO touch (area) SELECT area FROM school_unit WHERE code = OLD.unit;
END;

CREATE TRIGGER evaluation_insert AFTER INSERT ON evaluation BEGIN
    INSERT INTO touch (area) SELECT u.area FROM measure m JOIN school_unit u ON u.code = m.unit WHERE m.id = NEW.measure;
END;
CREATE TRIGGER evaluation_update AFTER UPDATE ON evaluation BEGIN
    INSERT INTO touch (area) SELECT u.area FROM measure m JOIN school_unit u ON u.code = m.unit WHERE m.id = OLD.measure;
    INSERT INTO touch (area) SELECT u.area FROM measure m JOIN school_unit u ON u.code = m.unit WHERE m.id = NEW.measure;
END;
CREATE TRIGGER evaluation_delete AFTER DELETE ON evaluation BEGIN
    INSERT INTO touch (area) SELECT u.area FROM measure m JOIN school_unit u ON u.code = m.unit WHERE m.id = OLD.measure;
END;

CREATE TRIGGER dialogue_insert AFTER INSERT ON dialogue BEGIN
    INSERT INTO touch (area) SELECT area FROM school_unit WHERE code = NEW.unit;
END;
CREATE TRIGGER dialogue_update AFTER UPDATE ON dialogue BEGIN
    INSERT INTO touch (area) SELECT area FROM school_unit WHERE code = OLD.unit;
    INSERT INTO touch (area) SELECT area FROM school_unit WHERE code = NEW.unit;
END;
CREATE TRIGGER dialogue_delete AFTER DELETE ON dialogue BEGIN
    INSERT INTO touch (area) SELECT area FROM school_unit WHERE code = OLD.unit;
END;

CREATE TRIGGER focus_area_insert AFTER INSERT ON focus_area BEGIN
    INSERT INTO touch (area) SELECT u.area FROM dialogue d JOIN school_unit u ON u.code = d.unit WHERE d.id = NEW.dialogue;
END;
CREATE TRIGGER focus_area_update AFTER UPDATE ON focus_area BEGIN
    INSERT INTO touch (area) SELECT u.area FROM dialogue d JOIN school_unit u ON u.code = d.unit WHERE d.id = OLD.dialogue;
    INSERT INTO touch (area) SELECT u.area FROM dialogue d JOIN school_unit u ON u.code = d.unit WHERE d.id = NEW.dialogue;
END;
CREATE TRIGGER focus_area_delete AFTER DELETE ON focus_area BEGIN
    INSERT INTO touch (area) SELECT u.area FROM dialogue d JOIN school_unit u ON u.code = d.unit WHERE d.id = OLD.dialogue;
END;

CREATE TRIGGER check_in_insert AFTER INSERT ON check_in BEGIN
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = NEW.principal;
END;
CREATE TRIGGER check_in_update AFTER UPDATE ON check_in BEGIN
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = OLD.principal;
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = NEW.principal;
END;
CREATE TRIGGER check_in_delete AFTER DELETE ON check_in BEGIN
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = OLD.principal;
END;

CREATE TRIGGER activity_insert AFTER INSERT ON activity BEGIN
    INSERT INTO touch (area) SELECT coalesce(NEW.area, (SELECT area FROM school_unit WHERE code = NEW.unit), '');
END;
CREATE TRIGGER activity_update AFTER UPDATE ON activity BEGIN
    INSERT INTO touch (area) SELECT coalesce(OLD.area, (SELECT area FROM school_unit WHERE code = OLD.unit), '');
    INSERT INTO touch (area) SELECT coalesce(NEW.area, (SELECT area FROM school_unit WHERE code = NEW.unit), '');
END;
CREATE TRIGGER activity_delete AFTER DELETE ON activity BEGIN
    INSERT INTO touch (area) SELECT coalesce(OLD.area, (SELECT area FROM school_unit WHERE code = OLD.unit), '');
END;
