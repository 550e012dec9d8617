/**
 * The pane of rooms: the channels with the rooms in each, and under each channel a way to make one more.
 */

import { arrange, byId, element } from "./dom.js";
import { NameForm } from "./naming.js";
import { people } from "./words.js";

export class RoomsPane {
  #chat;
  #lobby;
  #chosen;

  /** `chosen()` is called when the user has chosen a room, or made one. */
  constructor(chat, lobby, chosen) {
    this.#chat = chat;
    this.#lobby = lobby;
    this.#chosen = chosen;
  }

  /** Show which rooms there are now. */
  render() {
    arrange(byId("rooms"), this.#chat.channels, {
      key: ({ id }) => id,
      make: (channel) => this.#section(channel.id),
      update: (section, channel) => this.#renderChannel(section, channel),
    });
  }

  // Channels

  #section(channelId) {
    const opener = element("button", { className: "add", "aria-expanded": "false" }, "+");
    const header = element("header", {}, element("h2"), opener);
    const close = () => {
      form.node.remove();
      opener.ariaExpanded = "false";
      opener.focus();
    };
    const form = this.#newRoomForm(channelId, close);
    opener.onclick = () => {
      if (form.node.isConnected) return close();
      header.after(form.node);
      opener.ariaExpanded = "true";
      form.begin();
    };
    return element("section", {}, header, element("ul"));
  }

  #newRoomForm(channelId, close) {
    const done = () => {
      close();
      this.#chosen();
    };
    const act = (name) => this.#lobby.create(channelId, name);
    return new NameForm({ label: "Name of the new room", verb: "Create", act, done, cancelled: close });
  }

  #renderChannel(section, { name, rooms }) {
    const [title, opener] = section.firstChild.children;
    title.textContent = name;
    opener.ariaLabel = opener.title = `New room in ${name}`;
    arrange(section.lastChild, rooms, {
      key: ({ id }) => id,
      make: (room) => element("li", {}, this.#roomButton(room)),
      update: (item, room) => this.#renderRoomButton(item.firstChild, room),
    });
  }

  // Rooms

  #roomButton(room) {
    const choose = () => {
      this.#lobby.select(room);
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
    button.classList.toggle("temporary", room.isTemporary);
    button.ariaCurrent = String(isShown);
    button.ariaLabel = spoken(room);
  }
}

/** A room as it is read aloud. */
function spoken({ name, count, isTemporary, open, unread }) {
  const parts = [name, people(count)];
  if (isTemporary) parts.push("temporary");
  if (open) parts.push("joined");
  if (unread > 0) parts.push(`${unread} new`);
  return parts.join(", ");
}
