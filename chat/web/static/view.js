/**
 * The page around the messages: who is logged in, notices, the room that is shown, and the panes at its sides.
 *
 * `render` shows the state as it is; nothing is remembered here but what only the page knows, such as which side panel
 * is out. What the user does is passed on to the client.
 */

import { Composer } from "./composer.js";
import { arrange, byId, element } from "./dom.js";
import { RoomLog } from "./log.js";
import { Manage } from "./manage.js";
import { renderPeople } from "./people.js";
import { RoomsPane } from "./rooms.js";

const TITLE = document.title;

const STATUS = { out: "", connecting: "Connecting…", in: "Connected" };

const ENTER = { out: "Log in", connecting: "Connecting…", in: "Log in", waiting: "Not reachable, trying again…" };

export class View {
  #chat;
  #client;
  #rooms;
  #composer;
  #manage;
  #logs = new Map();
  #shown = null;

  constructor(chat, client) {
    this.#chat = chat;
    this.#client = client;
    this.#rooms = new RoomsPane(chat, client.lobby, () => this.#chosen());
    this.#composer = new Composer(chat, client.sender, (room) => this.#said(room));
    this.#manage = new Manage(client.lobby, () => this.#removed());
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
    this.#rooms.render();
    this.#renderRoom();
  }

  // What the user does

  #listen() {
    const client = this.#client;
    const { lobby } = client;
    byId("logout").onclick = () => client.logOut();
    byId("retry").onclick = () => client.retryNow();
    byId("visibility").onchange = ({ target }) => client.appear(target.value);
    byId("leave").onclick = () => lobby.leave(this.#chat.selected);
    byId("close").onclick = () => lobby.turnFrom(this.#chat.selected);
    byId("manage").onclick = () => this.#manage.open(this.#chat.selected);
    byId("rejoin").onclick = () => lobby.select(this.#chat.selected);
    byId("show-rooms").onclick = () => this.#toggle("rooms");
    byId("show-people").onclick = () => this.#toggle("people");
    byId("chat").onkeydown = ({ key }) => {
      if (key === "Escape") this.#toggle("");
    };
  }

  #chosen() {
    this.#toggle("");
    this.render();
    byId("body").focus();
  }

  #said(room) {
    this.render();
    this.#logs.get(room).scrollToEnd();
  }

  #removed() {
    this.render();
    byId("rooms").querySelector("button")?.focus();
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
    byId("invisible").checked = this.#chat.visibility === "invisible";
    byId("user-id").focus();
  }

  #renderTop() {
    const { status, interruption, me, unread, visibility } = this.#chat;
    const label = byId("status");
    const words = STATUS[status] ?? interruption;
    if (label.textContent !== words) label.textContent = words;
    label.dataset.status = status;
    byId("retry").hidden = status !== "waiting";
    byId("me").textContent = me.name;
    byId("visibility").value = visibility;
    byId("unread").textContent = unread;
    byId("unread").hidden = unread === 0;
  }

  #renderRoom() {
    const room = this.#chat.selected;
    byId("chat").dataset.room = room === null ? "none" : "some";
    if (room !== this.#shown) this.#show(room);
    this.#manage.render(room);
    if (room === null) return;
    this.#renderHeader(room);
    this.#composer.render(room);
    this.#logs.get(room).render(this.#chat.me);
    renderPeople(room, this.#chat);
  }

  #renderHeader({ name, channelName, isTemporary, open, joining, ended }) {
    byId("room-name").textContent = name;
    byId("room-channel").textContent = isTemporary ? `${channelName} · temporary` : channelName;
    byId("leave").hidden = !open;
    byId("rejoin").hidden = open || joining || ended;
    byId("close").hidden = !ended;
    byId("show-people").hidden = ended;
  }

  #show(room) {
    this.#shown = room;
    for (const [other, log] of this.#logs) {
      log.node.hidden = other !== room;
      if (this.#chat.rooms.get(other.id) !== other) this.#drop(other, log);
    }
    this.#composer.show(room);
    if (room !== null && !this.#logs.has(room)) this.#addLog(room);
  }

  #addLog(room) {
    const { sender } = this.#client;
    const log = new RoomLog(room, {
      retry: (unsent) => sender.retry(room, unsent),
      discard: (unsent) => sender.discard(room, unsent),
      takeBack: (message) => sender.takeBack(room, message),
    });
    this.#logs.set(room, log);
    byId("logs").append(log.node);
  }

  #drop(room, log) {
    this.#logs.delete(room);
    log.node.remove();
  }
}
