-- A deputy's address and absences enter into the planning of those they stand in for. Each part of
-- the view is a plain join, so that the search for one person goes by the indexes.

DROP VIEW person_area;
CREATE VIEW person_area (person, area) AS
    SELECT a.person, u.area FROM appointment a JOIN school_unit u ON u.code = a.unit
    UNION ALL SELECT person, area FROM appointment WHERE area IS NOT NULL
    UNION ALL SELECT person, '*' FROM appointment WHERE unit IS NULL AND area IS NULL
    UNION ALL SELECT m.responsible, u.area FROM measure m JOIN school_unit u ON u.code = m.unit
        WHERE m.responsible IS NOT NULL
    UNION ALL SELECT b.deputy, u.area FROM absence b JOIN appointment a ON a.person = b.person
        JOIN school_unit u ON u.code = a.unit WHERE b.deputy IS NOT NULL
    UNION ALL SELECT b.deputy, a.area FROM absence b JOIN appointment a ON a.person = b.person
        WHERE b.deputy IS NOT NULL AND a.area IS NOT NULL
    UNION ALL SELECT b.deputy, '*' FROM absence b JOIN appointment a ON a.person = b.person
        WHERE b.deputy IS NOT NULL AND a.unit IS NULL AND a.area IS NULL
    UNION ALL SELECT b.deputy, u.area FROM absence b JOIN measure m ON m.responsible = b.person
        JOIN school_unit u ON u.code = m.unit WHERE b.deputy IS NOT NULL;
