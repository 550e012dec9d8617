/**
 * The conversation with the server: what the user wants becomes requests, and replies become state.
 *
 * After every reconnect the same happens: log in again, join the open rooms again, fill their gaps, send what waits.
 * Nothing here touches the DOM; `changed` is called after every change of the state.
 */

import { Connection, ConnectionLost, Refusal } from "./connection.js";
import { Events } from "./events.js";
import { History } from "./history.js";
import { Sender } from "./sender.js";
import * as wire from "./wire.js";
import { UNANSWERED, explain, farewell, interruption } from "./words.js";

const NO_SUCH_ROOM = 802;

export class Client {
  #chat;
  #changed;
  #connection;
  #sender;
  #history;
  #credentials = null;

  constructor(url, chat, changed) {
    this.#chat = chat;
    this.#changed = changed;
    const ways = { request: (one) => this.#request(one), attempt: (act) => this.#attempt(act), changed };
    this.#sender = new Sender(chat, ways);
    this.#history = new History(ways);
    const events = new Events(chat, {
      refresh: () => this.refreshQuietly(),
      recount: () => this.#chat.openRooms.forEach((room) => this.#attempt(() => this.#recount(room))),
      fillGap: (room) => this.#history.fillGap(room),
    });
    this.#connection = new Connection(url, {
      opened: () => this.#opened(),
      received: (event, data) => events.received(event, data) && changed(),
      lost: (code) => this.#interrupted(interruption(code)),
      ended: (code) => this.#turnAway(farewell(code)),
    });
  }

  // What the user wants

  /** Log in with `{userId, name, token}`. They are kept in memory, to log in again after a reconnect. */
  logIn(credentials, visibility) {
    const chat = this.#chat;
    if (chat.me?.id !== credentials.userId) chat.forget();
    this.#credentials = credentials;
    chat.visibility = chat.shownAs = visibility;
    chat.status = "connecting";
    chat.farewell = "";
    chat.notices = [];
    this.#connection.start();
    this.#changed();
  }

  /** End the session, forget everything. */
  logOut() {
    this.#credentials = null;
    this.#turnAway("");
    this.#chat.forget();
  }

  /** Do not wait any longer for the next attempt to connect. */
  retryNow() {
    this.#connection.retryNow();
  }

  /** Be seen by everybody ("online"), or by operators alone ("invisible"), also after a reconnect. */
  appear(visibility) {
    this.#chat.visibility = visibility;
    this.#changed();
    this.#attempt(() => this.#declare());
  }

  /** Show a room; go into it where the user is not in it yet. */
  select(room) {
    this.#chat.select(room);
    this.looked();
    if (!room.open) this.#attempt(() => this.#enter(room));
  }

  /** The user sees the room that is shown. */
  looked() {
    if (this.#chat.selected !== null) this.#chat.selected.unread = 0;
    this.#changed();
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

  /** Do not show this room any more. */
  turnFrom(room) {
    if (this.#chat.selected === room) this.#chat.select(null);
    this.#changed();
  }

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

  /** Say something. Returns why not where that is clear without asking; else the message waits until it is answered. */
  say(room, body) {
    return this.#sender.say(room, body);
  }

  /** Send a refused message again. */
  retry(room, unsent) {
    this.#sender.retry(room, unsent);
  }

  /** Forget a refused message. */
  discard(room, unsent) {
    this.#sender.discard(room, unsent);
  }

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

  // The connection

  #request(request) {
    return this.#connection.request(request);
  }

  async #opened() {
    this.#chat.status = "connecting";
    this.#changed();
    try {
      this.#welcome(wire.readLogin(await this.#request(wire.login(this.#credentials, this.#chat.visibility))));
    } catch (problem) {
      if (problem instanceof Refusal) this.#turnAway(explain(problem));
      else if (!(problem instanceof ConnectionLost)) throw problem;
      return;
    }
    const { openRooms, visibility, shownAs } = this.#chat;
    if (visibility !== shownAs) this.#attempt(() => this.#declare());
    await Promise.all(openRooms.map((room) => this.#attempt(() => this.#enter(room))));
    await this.#attempt(() => this.refresh());
  }

  #welcome({ name, roles, restartJitterSeconds, ...limits }) {
    this.#chat.me = { id: this.#credentials.userId, name, roles };
    this.#chat.isInside = true;
    this.#chat.limits = limits;
    this.#chat.status = "in";
    this.#connection.restartJitterSeconds = restartJitterSeconds;
    this.#connection.settled();
    this.#changed();
  }

  /** Tell the server how the user wants to be seen. A login can only hide, lest it reveals what another window hid. */
  async #declare() {
    const { visibility } = this.#chat;
    try {
      await this.#request(wire.status(visibility));
      this.#chat.shownAs = visibility;
    } catch (problem) {
      if (problem instanceof Refusal) this.#chat.visibility = this.#chat.shownAs;
      throw problem;
    } finally {
      this.#changed();
    }
  }

  #interrupted(reason) {
    this.#chat.interruption = reason;
    this.#lost("waiting");
  }

  #lost(status) {
    this.#chat.status = status;
    for (const room of this.#chat.rooms.values()) room.live = false;
    this.#changed();
  }

  /** The session is over and does not come back by itself. */
  #turnAway(reason) {
    this.#connection.stop();
    this.#chat.isInside = false;
    this.#chat.farewell = reason;
    this.#lost("out");
  }

  // Rooms

  /** Taken in as soon as it comes, so that news of rooms that come after it count. */
  async #refreshRooms(channelId) {
    this.#chat.setRooms(channelId, wire.readRooms(await this.#request(wire.listRooms(channelId))));
  }

  async #enter(room) {
    room.joining = true;
    try {
      const joined = wire.readJoin(await this.#request(wire.join(room.id)));
      room.name = joined.name;
      room.open = room.live = true;
      this.#seePeople(room, joined);
      this.#history.catchUp(room, joined);
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      if (problem.code === NO_SUCH_ROOM) this.#chat.endRoom(room, `${room.name} is no longer there.`);
      else this.#chat.shutOut(room, `${room.name}: ${explain(problem)}`);
    } finally {
      room.joining = false;
      this.#changed();
    }
    await this.#sender.sendAll(room);
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

  /** Do something of which a refusal is shown, and which a lost connection leaves to the next one. */
  async #attempt(act) {
    try {
      await act();
    } catch (problem) {
      if (problem instanceof Refusal) this.#refused(problem);
      else if (!(problem instanceof ConnectionLost)) throw problem;
    }
  }

  /** Do something, and return why it was not done; null when it was. */
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

  #refused(problem) {
    this.#chat.announce(explain(problem));
    this.#changed();
  }
}
