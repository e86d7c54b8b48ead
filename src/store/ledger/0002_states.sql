-- The queue in numbers is asked for at every beat: it must not read the mails themselves.
DROP INDEX mail_open;
CREATE INDEX mail_by_state ON mail (state);
