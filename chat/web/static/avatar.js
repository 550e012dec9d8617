/**
 * Round pictures that stand for users.
 */

import { element } from "./dom.js";

/** A round picture with the initials of a user. */
export function avatar({ id, name }) {
  const made = element("span", { className: "avatar", "aria-hidden": "true" }, initials(name));
  made.style.setProperty("--hue", hue(id));
  return made;
}

/** One or two letters that stand for a name. */
function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...word][0]) : [...words[0]].slice(0, 1);
  return letters.join("").toUpperCase();
}

/** A hue in degrees, always the same for the same id. */
function hue(id) {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + char.codePointAt(0)) % 9973;
  return (hash * 137) % 360;
}
