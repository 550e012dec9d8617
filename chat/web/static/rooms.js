/**
 * The pane of rooms: the channels, and the rooms in each.
 */

import { arrange, byId, element } from "./dom.js";
import { people } from "./words.js";

export class RoomsPane {
  #chat;
  #client;
  #chosen;

  /** `chosen()` is called when the user has chosen a room. */
  constructor(chat, client, chosen) {
    this.#chat = chat;
    this.#client = client;
    this.#chosen = chosen;
  }

  /** Show which rooms there are now. */
  render() {
    arrange(byId("rooms"), this.#chat.channels, {
      key: ({ name }) => name,
      make: ({ name }) => element("section", {}, element("h2", {}, name), element("ul")),
      update: (section, { rooms }) => this.#renderChannel(section.lastChild, rooms),
    });
  }

  #renderChannel(list, rooms) {
    arrange(list, rooms, {
      key: ({ id }) => id,
      make: (room) => element("li", {}, this.#roomButton(room)),
      update: (item, room) => this.#renderRoomButton(item.firstChild, room),
    });
  }

  #roomButton(room) {
    const choose = () => {
      this.#client.select(room);
      this.#chosen();
    };
    const part = (className) => element("span", { className });
    return element("button", { className: "room", onclick: choose }, part("name"), part("badge"), part("count"));
  }

  #renderRoomButton(button, room) {
    const [name, badge, count] = button.children;
    const isShown = room === this.#chat.selected;
    name.textContent = room.name;
    badge.textContent = room.unread;
    badge.hidden = room.unread === 0;
    count.textContent = room.count;
    button.classList.toggle("open", room.open);
    button.ariaCurrent = String(isShown);
    const news = room.unread > 0 ? `, ${room.unread} new` : "";
    button.ariaLabel = `${room.name}, ${people(room.count)}${room.open ? ", joined" : ""}${news}`;
  }
}
