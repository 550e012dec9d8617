/**
 * What the page says in words: refusals, durations, times, initials.
 */

import { CloseCode } from "./connection.js";
import { readSanction } from "./wire.js";

const USER_IS_BANNED = 703;

/** What codes mean to who reads them; null where the server's own words are plain enough. */
const REFUSALS = {
  704: "There is a room with this name already.",
  705: "You are not allowed to do that.",
  709: "You have made as many rooms as you may have at a time.",
  710: null,
  711: null,
  718: "This name is not allowed. Try another one.",
  802: "There is no such room any more.",
  900: "That was too much at once. Try again in a moment.",
};

/** Why nothing came of a request whose connection was lost. */
export const UNANSWERED = "The connection was lost before the server answered.";

const FAREWELLS = {
  [CloseCode.BANNED]: "You are banned from this server.",
  [CloseCode.CLOSED_BY_OPERATOR]: "An operator closed your connection.",
};

const INTERRUPTIONS = {
  [CloseCode.RESTART]: "The server restarts. Coming back…",
  [CloseCode.LOGIN_FAILED]: "Logging in took too long. Trying again…",
  [CloseCode.SLOW_CONSUMER]: "This connection was too slow. Trying again…",
  [CloseCode.FLOOD]: "That was too much at once. Coming back in a moment…",
};

/** Why the server ended the connection for good. */
export function farewell(code) {
  return FAREWELLS[code] ?? "The server closed the connection.";
}

/** Why the connection is gone for now. */
export function interruption(code) {
  return INTERRUPTIONS[code] ?? "Connection lost. Trying again…";
}

/** Why the server said no. */
export function explain(refusal) {
  if (refusal.code === USER_IS_BANNED && refusal.data?.object) return sanction(readSanction(refusal.data));
  const said = `${capitalized(refusal.message)}.`;
  return refusal.code in REFUSALS ? (REFUSALS[refusal.code] ?? said) : `${said} (${refusal.code})`;
}

/** That a room was removed, as `me` reads it. */
export function removal(name, { by, reason }, me) {
  const who = by === null ? "" : ` by ${by.id === me.id ? "you" : by.name}`;
  return `${name} was removed${who}.${reason ? ` Reason: ${reason}` : ""}`;
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
