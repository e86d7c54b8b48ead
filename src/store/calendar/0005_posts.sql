-- A post enters into the planning of every area where its holder answers for something: whether
-- they have a post elsewhere decides who is asked about a measure of theirs. The post's own area
-- is named too: after the post is gone the view no longer leads there.

DROP TRIGGER appointment_insert;
DROP TRIGGER appointment_update;
DROP TRIGGER appointment_delete;

CREATE TRIGGER appointment_insert AFTER INSERT ON appointment BEGIN
    INSERT INTO touch (area) SELECT coalesce(NEW.area, (SELECT area FROM school_unit WHERE code = NEW.unit), '*');
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = NEW.person;
END;
CREATE TRIGGER appointment_update AFTER UPDATE ON appointment BEGIN
    INSERT INTO touch (area) SELECT coalesce(OLD.area, (SELECT area FROM school_unit WHERE code = OLD.unit), '*');
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = OLD.person;
    INSERT INTO touch (area) SELECT coalesce(NEW.area, (SELECT area FROM school_unit WHERE code = NEW.unit), '*');
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = NEW.person;
END;
CREATE TRIGGER appointment_delete AFTER DELETE ON appointment BEGIN
    INSERT INTO touch (area) SELECT coalesce(OLD.area, (SELECT area FROM school_unit WHERE code = OLD.unit), '*');
    INSERT INTO touch (area) SELECT area FROM person_area WHERE person = OLD.person;
END;
