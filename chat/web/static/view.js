/**
 * The page around the messages: who is logged in, rooms, people, notices, and the field to write in.
 *
 * `render` shows the state as it is; nothing is remembered here but what only the page knows, such as which side panel
 * is out. What the user does is passed on to the client.
 */

import { arrange, element } from "./dom.js";
import { RoomLog, avatar } from "./log.js";
import { people } from "./words.js";

const TITLE = document.title;

const STATUS = {
  out: "",
  connecting: "Connecting…",
  in: "Connected",
  waiting: "Connection lost. Trying again…",
};

const ENTER = { out: "Log in", connecting: "Connecting…", in: "Log in", waiting: "Not reachable, trying again…" };

const byId = (id) => document.getElementById(id);

export class View {
  #chat;
  #client;
  #logs = new Map();
  #shown = null;

  constructor(chat, client) {
    this.#chat = chat;
    this.#client = client;
    this.#listen();
  }

  /** Show the state as it is now. */
  render() {
    const { isInside } = this.#chat;
    this.#renderNotices();
    this.#renderLogin(isInside);
    document.title = this.#chat.unread > 0 ? `(${this.#chat.unread}) ${TITLE}` : TITLE;
    if (!isInside) return;
    this.#renderTop();
    this.#renderRooms();
    this.#renderRoom();
  }

  // What the user does

  #listen() {
    const client = this.#client;
    byId("logout").onclick = () => client.logOut();
    byId("retry").onclick = () => client.retryNow();
    byId("leave").onclick = () => client.leave(this.#chat.selected);
    byId("rejoin").onclick = () => client.select(this.#chat.selected);
    byId("show-rooms").onclick = () => this.#toggle("rooms");
    byId("show-people").onclick = () => this.#toggle("people");
    byId("chat").onkeydown = ({ key }) => key === "Escape" && this.#toggle("");
    this.#listenToComposer();
  }

  #listenToComposer() {
    const field = byId("body");
    byId("composer").onsubmit = (event) => {
      event.preventDefault();
      this.#say(field.value);
    };
    field.oninput = () => {
      this.#chat.selected.draft = field.value;
      this.#complain("");
    };
    field.onkeydown = (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#say(field.value);
    };
  }

  #say(body) {
    const room = this.#chat.selected;
    if (body.trim() === "" || !room.open) return;
    const problem = this.#client.say(room, body);
    this.#complain(problem ?? "");
    if (problem !== null) return;
    byId("body").value = room.draft = "";
    this.render();
    this.#logs.get(room).scrollToEnd();
  }

  #complain(problem) {
    byId("problem").textContent = problem;
    byId("problem").hidden = problem === "";
  }

  /** Where there is little room, a side panel lies over the messages while it is asked for. */
  #toggle(panel) {
    const { dataset } = byId("chat");
    const back = { rooms: "show-rooms", people: "show-people" }[dataset.shown];
    dataset.shown = dataset.shown === panel ? "" : panel;
    byId("show-rooms").ariaExpanded = String(dataset.shown === "rooms");
    byId("show-people").ariaExpanded = String(dataset.shown === "people");
    if (dataset.shown === "" && back) byId(back).focus();
  }

  // The parts

  #renderNotices() {
    arrange(byId("notices"), this.#chat.notices, {
      key: ({ key }) => key,
      make: ({ key, text }) => element("li", { className: "banner" }, element("span", {}, text), this.#dismissal(key)),
    });
  }

  #dismissal(key) {
    const dismiss = () => {
      this.#chat.dismiss(key);
      this.render();
    };
    return element("button", { className: "plain", onclick: dismiss, "aria-label": "Dismiss notice" }, "✕");
  }

  #renderLogin(isInside) {
    const { farewell, status } = this.#chat;
    const left = byId("welcome").hidden && !isInside;
    byId("welcome").hidden = isInside;
    byId("chat").hidden = !isInside;
    byId("enter").disabled = status === "connecting";
    byId("enter").textContent = ENTER[status];
    if (byId("farewell").textContent !== farewell) byId("farewell").textContent = farewell;
    byId("farewell").hidden = farewell === "";
    if (!left) return;
    byId("token").value = "";
    byId("user-id").focus();
  }

  #renderTop() {
    const { status, me, unread } = this.#chat;
    const label = byId("status");
    if (label.textContent !== STATUS[status]) label.textContent = STATUS[status];
    label.dataset.status = status;
    byId("retry").hidden = status !== "waiting";
    byId("me").textContent = me.name;
    byId("unread").textContent = unread;
    byId("unread").hidden = unread === 0;
  }

  #renderRooms() {
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
      this.#toggle("");
      this.render();
      byId("body").focus();
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

  #renderRoom() {
    const room = this.#chat.selected;
    byId("chat").dataset.room = room === null ? "none" : "some";
    if (room !== this.#shown) this.#show(room);
    if (room === null) return;
    byId("room-name").textContent = room.name;
    byId("room-channel").textContent = room.channelName;
    byId("leave").hidden = !room.open;
    byId("rejoin").hidden = room.open || room.joining;
    byId("body").readOnly = !room.open;
    this.#logs.get(room).render(this.#chat.me);
    this.#renderPeople(room);
  }

  #show(room) {
    this.#shown = room;
    for (const [other, log] of this.#logs) {
      log.node.hidden = other !== room;
      if (this.#chat.rooms.get(other.id) !== other) this.#drop(other, log);
    }
    this.#complain("");
    if (room === null) return;
    if (!this.#logs.has(room)) this.#addLog(room);
    byId("body").value = room.draft;
  }

  #addLog(room) {
    const client = this.#client;
    const log = new RoomLog(room, {
      retry: (unsent) => client.retry(room, unsent),
      discard: (unsent) => client.discard(room, unsent),
    });
    this.#logs.set(room, log);
    byId("logs").append(log.node);
  }

  #drop(room, log) {
    this.#logs.delete(room);
    log.node.remove();
  }

  #renderPeople({ people: here, count }) {
    byId("show-people").textContent = people(count);
    byId("people-title").textContent = `Here now (${count})`;
    const sorted = [...here.values()].sort((one, other) => one.name.localeCompare(other.name));
    arrange(byId("people-list"), sorted, {
      key: ({ id, name, roles }) => [id, name, ...roles].join(" "),
      make: (user) => this.#person(user),
    });
  }

  #person(user) {
    const isMe = user.id === this.#chat.me.id;
    const note = [...(isMe ? ["you"] : []), ...user.roles].join(", ");
    return element(
      "li",
      { title: user.id },
      avatar(user),
      element("span", { className: "name" }, user.name),
      note ? element("small", { className: "quiet" }, note) : null,
    );
  }
}
