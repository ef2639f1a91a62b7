// Dates as Discord words them, and the live relative ones.

import { h } from "./dom.js";

const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STYLES = {
  t: { hour: "2-digit", minute: "2-digit" },
  T: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  d: { day: "2-digit", month: "2-digit", year: "numeric" },
  D: { day: "numeric", month: "long", year: "numeric" },
  f: { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
  F: { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
};
const formats = Object.fromEntries(
  Object.entries(STYLES).map(([key, style]) => [key, new Intl.DateTimeFormat("en-GB", style)]),
);

function fromNow(unix) {
  const seconds = Math.round(unix - Date.now() / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return relative.format(Math.trunc(seconds / size), unit);
}

/** Make the element for <t:unix:style>. */
export function timestamp(unix, style = "f") {
  const instant = new Date(unix * 1000);
  if (Number.isNaN(instant.getTime())) return h("span", {}, "Invalid date");
  const full = formats.F.format(instant);
  const live = style === "R";
  const text = live ? fromNow(unix) : (formats[style] ?? formats.f).format(instant);
  return h("time", { class: "stamp", datetime: instant.toISOString(), title: full, "data-relative": live ? unix : null }, text);
}

/** Give the hour and minute of an instant. */
export const hourMinute = (instant) => formats.t.format(instant);

/** Give an instant in full. */
export const inFull = (instant) => formats.F.format(instant);

/** Give the day of an instant in words. */
export function dayName(instant) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(instant).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return "Today";
  return days === 1 ? "Yesterday" : formats.D.format(instant);
}

setInterval(() => {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const text = fromNow(Number(element.dataset.relative));
    if (element.textContent !== text) element.textContent = text;
  }
}, 1000);
