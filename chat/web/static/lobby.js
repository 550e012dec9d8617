/**
 * Channels and rooms: which there are, going in and out, and what who keeps a room does with it.
 */

import { ConnectionLost, Refusal } from "./connection.js";
import * as wire from "./wire.js";
import { UNANSWERED, explain } from "./words.js";

const NO_SUCH_ROOM = 802;

export class Lobby {
  #chat;
  #request;
  #attempt;
  #changed;
  #joined;

  /**
   * `request(request)` is the reply's data, `attempt(act)` does something that may be refused, `joined(room, joined)`
   * is called when the user has come into a room.
   */
  constructor(chat, { request, attempt, changed }, joined) {
    this.#chat = chat;
    this.#request = request;
    this.#attempt = attempt;
    this.#changed = changed;
    this.#joined = joined;
  }

  // Which there are

  /** Ask again which rooms there are and how many people are in them. */
  async refresh() {
    this.#chat.setChannels(wire.readChannels(await this.#request(wire.listChannels())));
    await Promise.all(this.#chat.channels.map(({ id }) => this.#refreshRooms(id)));
    this.#changed();
  }

  /** The same, now and then: without complaint when it does not work. */
  refreshQuietly() {
    if (this.#chat.status === "in") this.refresh().catch(() => {});
  }

  /** Taken in as soon as it comes, so that news of rooms that come after it count. */
  async #refreshRooms(channelId) {
    this.#chat.setRooms(channelId, wire.readRooms(await this.#request(wire.listRooms(channelId))));
  }

  // In and out

  /** Show a room; go into it where the user is not in it yet. */
  select(room) {
    this.#chat.select(room);
    this.looked();
    if (!room.open) this.#attempt(() => this.enter(room));
  }

  /** The user sees the room that is shown. */
  looked() {
    if (this.#chat.selected !== null) this.#chat.selected.unread = 0;
    this.#changed();
  }

  /** Do not show this room any more. */
  turnFrom(room) {
    if (this.#chat.selected === room) this.#chat.select(null);
    this.#changed();
  }

  /** Go into a room, or into it again. */
  async enter(room) {
    room.joining = true;
    try {
      const joined = wire.readJoin(await this.#request(wire.join(room.id)));
      room.name = joined.name;
      room.open = room.live = true;
      this.#seePeople(room, joined);
      this.#joined(room, joined);
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      if (problem.code === NO_SUCH_ROOM) this.#chat.endRoom(room, `${room.name} is no longer there.`);
      else this.#chat.shutOut(room, `${room.name}: ${explain(problem)}`);
    } finally {
      room.joining = false;
      this.#changed();
    }
  }

  /** Go out of a room. */
  leave(room) {
    room.close();
    this.turnFrom(room);
    this.#attempt(async () => {
      await this.#request(wire.leave(room.id));
      await this.refresh();
    });
  }

  /** Ask again who is in the rooms that are open. */
  recount() {
    for (const room of this.#chat.openRooms) this.#attempt(() => this.#recount(room));
  }

  async #recount(room) {
    const present = wire.readUsers(await this.#request(wire.listUsers(room.id)));
    if (room.open) this.#seePeople(room, present);
    this.#changed();
  }

  #seePeople(room, { people, count }) {
    room.setPeople(people, count);
    const self = room.people.get(this.#chat.me.id);
    if (self !== undefined) this.#chat.isShownAs(self.visibility);
  }

  // Keeping rooms

  /** Make a room in a channel, and go into it. Returns why not; null when it is there. */
  create(channelId, name) {
    return this.#whyNot(async () => {
      const { room } = wire.readMade(await this.#request(wire.create(channelId, name)));
      this.select(this.#chat.addRoom(channelId, { ...room, roles: ["owner"] }));
    });
  }

  /** Give a room another name. Returns why not; null when it has it. */
  rename(room, name) {
    return this.#whyNot(async () => {
      const reply = await this.#request(wire.renameRoom(room.id, name));
      this.#chat.renameRoom(room, wire.readRoomName(reply));
    });
  }

  /** Take a room away. Returns why not; null when it is gone. */
  remove(room) {
    return this.#whyNot(async () => {
      await this.#request(wire.removeRoom(room.id));
      room.close();
      this.turnFrom(room);
      this.#chat.endRoom(room, "");
    });
  }

  async #whyNot(act) {
    try {
      await act();
    } catch (problem) {
      if (problem instanceof Refusal) return explain(problem);
      if (problem instanceof ConnectionLost) return UNANSWERED;
      throw problem;
    } finally {
      this.#changed();
    }
    return null;
  }
}
