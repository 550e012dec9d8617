/**
 * The pane of people: who is in the room that is shown.
 */

import { arrange, byId, element } from "./dom.js";
import { avatar } from "./log.js";
import { people } from "./words.js";

/** Show who is in the room, to the user `me`. */
export function renderPeople({ people: here, count }, me) {
  byId("show-people").textContent = people(count);
  byId("people-title").textContent = `Here now (${count})`;
  const sorted = [...here.values()].sort((one, other) => one.name.localeCompare(other.name));
  arrange(byId("people-list"), sorted, {
    key: ({ id, name, roles }) => [id, name, ...roles].join(" "),
    make: (user) => person(user, me),
  });
}

function person(user, me) {
  const note = [...(user.id === me.id ? ["you"] : []), ...user.roles].join(", ");
  return element(
    "li",
    { title: user.id },
    avatar(user),
    element("span", { className: "name" }, user.name),
    note ? element("small", { className: "quiet" }, note) : null,
  );
}
