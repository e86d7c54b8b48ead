-- What left on a day is counted at every claim: by the day, not by reading every mail.
CREATE INDEX mail_by_day ON mail (sent_on) WHERE sent_on IS NOT NULL;
