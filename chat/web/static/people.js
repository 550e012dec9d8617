/**
 * The pane of people: who is in the room that is shown.
 */

import { avatar } from "./avatar.js";
import { arrange, byId, element } from "./dom.js";
import { people } from "./words.js";

/** Show who is in the room that is open. */
export function renderPeople({ people: here, count }, chat) {
  byId("show-people").textContent = people(count);
  byId("people-title").textContent = `Here now (${count})`;
  const sorted = [...here.values()].sort((one, other) => one.name.localeCompare(other.name));
  const described = sorted.map((user) => ({ ...user, ...remarks(user, chat) }));
  arrange(byId("people-list"), described, {
    key: ({ id, name, note }) => [id, name, note].join(" "),
    make: person,
  });
}

/** What is to be said of somebody. How the user is seen is known best here. */
function remarks({ id, roles, visibility }, chat) {
  const isMe = id === chat.me.id;
  const isInvisible = (isMe ? chat.visibility : visibility) === "invisible";
  const note = [...(isMe ? ["you"] : []), ...roles, ...(isInvisible ? ["invisible"] : [])].join(", ");
  return { note, isInvisible };
}

function person({ note, isInvisible, ...user }) {
  return element(
    "li",
    { title: user.id, className: isInvisible ? "invisible" : "" },
    avatar(user),
    element("span", { className: "name" }, user.name),
    note ? element("small", { className: "quiet" }, note) : null,
  );
}
