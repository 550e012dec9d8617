/**
 * What the page says in words, with the names of users and places kept apart from it.
 */

import { element } from "./dom.js";
import { duration } from "./times.js";

/** A name, which keeps to itself whatever direction it is written in. */
export function quoted(name) {
  return element("bdi", { className: "quoted" }, name);
}

/** A place of which somebody is banned, in a sentence. */
export function placeName({ kind, name }) {
  if (kind === "global") return ["the whole server"];
  return kind === "channel" ? ["the channel ", quoted(name)] : [quoted(name)];
}

/** A place in a list of choices. */
export function placeLabel({ kind, name }) {
  if (kind === "global") return "Everywhere: the whole server";
  return kind === "channel" ? `${name}: the channel with all its rooms` : name;
}

/** A moment, in the time of whoever reads it. */
export function moment(date) {
  return date.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/** How long it is until a moment; null when it is over. */
export function timeLeft(until, nowMs) {
  const seconds = Math.ceil((until - nowMs) / 1000);
  return seconds > 0 ? `${duration(seconds)} left` : null;
}

/** "1 person", "2 people". */
export function counted(count, one, many) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
