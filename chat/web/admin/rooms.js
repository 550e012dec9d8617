/**
 * The rooms, and what there is to know of the one that is chosen: people, mutes, bans.
 */

import { SHOWN } from "./desk.js";
import { arrange, byId, element } from "./dom.js";
import { PeopleList } from "./people.js";
import { buttons, sanction, say, who } from "./rows.js";
import { counted } from "./words.js";

const NONE = { id: null, name: "", channelName: "", people: null, count: 0, mutes: [], bans: [] };

export class RoomsView {
  #desk;
  #actions;
  #choose;
  #people = null;
  #shown;

  /** `choose(room)` shows a room, or with null none. */
  constructor(desk, actions, choose) {
    this.#desk = desk;
    this.#actions = actions;
    this.#choose = choose;
    byId("all-rooms").onclick = () => choose(null);
    byId("tell-room").onclick = () => actions.broadcast(desk.room);
    byId("ban-from-room").onclick = () => actions.ban(null, desk.room);
  }

  render() {
    const { room, found } = this.#desk;
    byId("rooms-view").dataset.room = room === null ? "none" : "some";
    byId("no-room").hidden = room !== null;
    byId("room").hidden = room === null;
    this.#renderList(found);
    this.#renderRoom(room ?? NONE);
  }

  #renderList({ rooms, count }) {
    const rest = count > rooms.length ? `${rooms.length} of ${count.toLocaleString()} rooms. Search for others.` : "";
    say(byId("rooms-rest"), rest);
    const channels = Map.groupBy(rooms, ({ channelId }) => channelId);
    arrange(byId("rooms-list"), [...channels.entries()], {
      key: ([id, [{ channelName }]]) => `${id} ${channelName}`,
      make: ([, [{ channelName }]]) => element("li", {}, element("h3", {}, channelName), element("ul")),
      update: (item, [, inside]) => this.#renderChannel(item.querySelector("ul"), inside),
    });
  }

  #renderChannel(list, rooms) {
    arrange(list, rooms, {
      key: ({ id }) => id,
      make: () => {
        const parts = ["name", "count"].map((className) => element("span", { className }));
        return element("li", {}, element("button", { className: "room" }, ...parts));
      },
      update: (item, room) => this.#renderEntry(item.firstChild, room),
    });
  }

  #renderEntry(button, room) {
    button.onclick = () => this.#choose(room);
    button.classList.toggle("temporary", room.isTemporary);
    button.ariaCurrent = String(room.id === this.#desk.room?.id);
    say(button.querySelector(".name"), room.name);
    say(button.querySelector(".count"), room.count === null ? "" : String(room.count));
    button.ariaLabel = `${room.name}, ${counted(room.count ?? 0, "person", "people")}`;
  }

  #renderRoom(room) {
    if (this.#shown !== room.id) this.#show(room);
    say(byId("room-name"), room.name);
    say(byId("room-place"), [room.channelName, room.isTemporary ? "temporary" : ""].filter(Boolean).join(" · "));
    const { people, count, mutes, bans } = room;
    say(byId("room-people-title"), people === null ? "People" : `People (${count.toLocaleString()})`);
    this.#people.render(people ?? []);
    const more = people !== null && count > people.length;
    say(byId("room-people-rest"), more ? `The first ${people.length} of ${count.toLocaleString()}, by name.` : "");
    byId("room-people-none").hidden = people === null || count > 0;
    say(byId("room-mutes-title"), `Muted (${mutes.length})`);
    say(byId("room-bans-title"), `Banned (${bans.length})`);
    this.#renderSanctions(byId("room-mutes"), mutes, ["Unmute", (one) => this.#actions.unmute(one, room)]);
    this.#renderSanctions(byId("room-bans"), bans, ["Unban", (one) => this.#actions.unban(one, one.place)]);
  }

  #show(room) {
    this.#shown = room.id;
    this.#people = new PeopleList(this.#actions, this.#choose, room);
    byId("room-people").replaceChildren(this.#people.node);
    byId("room").scrollTop = 0;
  }

  #renderSanctions(list, sanctions, [verb, act]) {
    const { names } = this.#desk;
    const named = sanctions.slice(0, SHOWN).map((one) => ({ name: names.of(one.id), ...one }));
    arrange(list, named, {
      key: ({ id, name, until, reason, by }) => [id, until.getTime(), names.of(by), name, reason].join(" "),
      make: (one) => element("li", {}, who(one, ...sanction(one, names)), buttons(one.name, [verb, () => act(one)])),
    });
  }
}
