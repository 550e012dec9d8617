/**
 * Pieces that the lists are made of. What is shown is changed only where it differs, so that focus and selection stay.
 */

import { avatar } from "./avatar.js";
import { element } from "./dom.js";
import { moment, quoted, timeLeft } from "./words.js";

/** Let the element say this. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Who a row is about, with remarks. */
export function who(user, ...remarks) {
  const id = element("span", { className: "id" }, user.id);
  const name = element("p", { className: "name" }, element("b", {}, quoted(user.name)), " ", id);
  return element("div", { className: "who" }, avatar(user), element("div", {}, name, ...remarks));
}

/** The buttons of a row: `[verb, act]`; their names say to whom they belong. */
export function buttons(name, ...acts) {
  const made = acts.map(([verb, act]) => {
    const className = verb.startsWith("Ban") ? "plain bad" : "plain";
    return element("button", { className, onclick: act, "aria-label": `${verb} ${name}` }, `${verb}…`);
  });
  return element("div", { className: "buttons" }, ...made);
}

/** When a mute or ban ends, why it is, and by whom. The time that is left is kept up to date by `tick`. */
export function sanction({ until, reason, by }, names) {
  const end = element("time", { dateTime: until.toISOString() }, moment(until));
  const left = element("b", { className: "left" });
  left.dataset.until = until.getTime();
  const why = reason === "" ? element("span", { className: "quiet" }, "no reason given") : quoted(reason);
  return [
    element("p", { className: "ends" }, left, element("span", { className: "quiet" }, " until ", end)),
    element("p", { className: "why" }, why, element("span", { className: "quiet" }, " · by ", quoted(names.of(by)))),
  ];
}

/** Show how much time is left of everything that ends, and hide what is over. */
export function tick(nowMs) {
  for (const left of document.querySelectorAll("[data-until]")) {
    const words = timeLeft(Number(left.dataset.until), nowMs);
    left.closest("li").hidden = words === null;
    if (words !== null) say(left, words);
  }
}
