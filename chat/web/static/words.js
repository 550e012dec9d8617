/**
 * What the page says in words: refusals, durations, times, initials.
 */

import { CloseCode } from "./connection.js";
import { readSanction } from "./wire.js";

const USER_IS_BANNED = 703;

const FAREWELLS = {
  [CloseCode.BANNED]: "You are banned from this server.",
  [CloseCode.CLOSED_BY_OPERATOR]: "An operator closed your connection.",
};

/** Why the server ended the connection for good. */
export function farewell(code) {
  return FAREWELLS[code] ?? "The server closed the connection.";
}

/** Why the server said no. */
export function explain(refusal) {
  if (refusal.code === USER_IS_BANNED && refusal.data?.object) return sanction(readSanction(refusal.data));
  return `${capitalized(refusal.message)}. (${refusal.code})`;
}

/** A mute or ban in a sentence or two. */
export function sanction({ kind, where, secondsLeft, reason }) {
  const what = kind === "mute" ? "muted" : "banned";
  const place = where ? ` in ${where}` : "";
  const span = secondsLeft === null ? "" : ` for another ${duration(secondsLeft)}`;
  return `You are ${what}${place}${span}.${reason ? ` Reason: ${reason}` : ""}`;
}

/** Seconds in the two largest units that matter: "1 h 5 min". */
export function duration(seconds) {
  const units = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ];
  const parts = [];
  for (const [name, size] of units) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}

/** The time of day. */
export function clock(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** The day, as one would say it today. */
export function day(date, today = new Date()) {
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return date.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

/** One or two letters that stand for a name. */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...word][0]) : [...words[0]].slice(0, 1);
  return letters.join("").toUpperCase();
}

/** A hue in degrees, always the same for the same id. */
export function hue(id) {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + char.codePointAt(0)) % 9973;
  return (hash * 137) % 360;
}

/** "1 person", "2 people". */
export function people(count) {
  return count === 1 ? "1 person" : `${count} people`;
}

function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
