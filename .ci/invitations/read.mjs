// What ical.js makes of an iCalendar object on standard input, as JSON.
import ICAL from "ical.js";
import { readFileSync } from "node:fs";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.register(zone);
}
const events = calendar.getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component);
    const organizer = component.getFirstProperty("organizer");
    return {
        uid: event.uid,
        sequence: event.sequence,
        summary: event.summary,
        place: event.location ?? "",
        starts: event.startDate.toJSDate().toISOString(),
        ends: event.endDate.toJSDate().toISOString(),
        organizer: organizer.getFirstValue(),
        sentBy: organizer.getParameter("sent-by") ?? "",
        attendees: event.attendees.map((attendee) => attendee.getFirstValue()).sort(),
        status: component.getFirstPropertyValue("status") ?? "",
    };
});
console.log(JSON.stringify({ method: calendar.getFirstPropertyValue("method"), events }));
