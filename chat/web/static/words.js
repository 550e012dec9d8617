/**
 * What the page says in words: refusals, sanctions, farewells.
 */

import { CloseCode } from "./connection.js";
import { duration } from "./times.js";
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

/** "1 person", "2 people". */
export function people(count) {
  return count === 1 ? "1 person" : `${count} people`;
}

function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
