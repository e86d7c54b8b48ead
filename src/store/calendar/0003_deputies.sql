-- A deputy's address and absences enter into the planning of those they stand in for.

DROP VIEW person_area;
CREATE VIEW person_area (person, area) AS
    WITH posted (person, area) AS (
        SELECT a.person, u.area FROM appointment a JOIN school_unit u ON u.code = a.unit
        UNION ALL SELECT person, area FROM appointment WHERE area IS NOT NULL
        UNION ALL SELECT person, '*' FROM appointment WHERE unit IS NULL AND area IS NULL
        UNION ALL SELECT m.responsible, u.area FROM measure m JOIN school_unit u ON u.code = m.unit
            WHERE m.responsible IS NOT NULL
    )
    SELECT person, area FROM posted
    UNION ALL SELECT b.deputy, p.area FROM absence b JOIN posted p ON p.person = b.person
        WHERE b.deputy IS NOT NULL;
