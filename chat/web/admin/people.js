/**
 * Lists of people who are online: everywhere, and in one room.
 */

import { arrange, element } from "./dom.js";
import { buttons, say, who } from "./rows.js";

const SEEN = { online: "", invisible: "invisible", offline: "appears offline" };

export class PeopleList {
  node = element("ul", { className: "list" });
  #actions;
  #choose;
  #room;

  /** `choose(room)` shows a room; `room` is the one whose people these are, null for all. */
  constructor(actions, choose, room = null) {
    this.#actions = actions;
    this.#choose = choose;
    this.#room = room;
  }

  /** Show these people. */
  render(people) {
    arrange(this.node, people, {
      key: ({ id, name }) => `${id} ${name}`,
      make: (user) => this.#row(user),
      update: (row, user) => this.#update(row, user),
    });
  }

  #row(user) {
    const row = element("li");
    const remark = element("p", { className: "remark" });
    const places = element("ul", { className: "places", "aria-label": `Rooms of ${user.name}` });
    const acts = ["Mute", "Kick", "Ban"].map((verb) => {
      return [verb, () => this.#actions[verb.toLowerCase()](row.user, this.#room)];
    });
    row.append(who(user, remark), places, buttons(user.name, ...acts));
    return row;
  }

  #update(row, user) {
    row.user = user;
    const muted = user.isMuted ? "muted" : "";
    const remarks = [...user.roles, SEEN[user.status] ?? user.status, muted].filter((word) => word !== "");
    say(row.querySelector(".remark"), remarks.join(" · "));
    row.querySelector('[aria-label^="Kick"]').disabled = user.places.length === 0;
    row.querySelector(".places").hidden = this.#room !== null;
    if (this.#room === null) this.#renderPlaces(row.querySelector(".places"), user.places);
  }

  #renderPlaces(list, places) {
    arrange(list, places, {
      key: ({ id, name }) => `${id} ${name}`,
      make: (room) => {
        const open = () => this.#choose(room);
        return element("li", {}, element("button", { className: "place", onclick: open }, room.name));
      },
    });
  }
}
