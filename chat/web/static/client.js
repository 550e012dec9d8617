/**
 * The conversation with the server: what the user wants becomes requests, and replies become state.
 *
 * After every reconnect the same happens: log in again, join the open rooms again, fill their gaps, send what waits.
 * Nothing here touches the DOM; `changed` is called after every change of the state.
 */

import { Connection, ConnectionLost, Refusal } from "./connection.js";
import { Events } from "./events.js";
import { Unsent } from "./state.js";
import * as wire from "./wire.js";
import { explain, farewell } from "./words.js";

const RATE_LIMITED = 900;
const MISSING = "Some messages are missing here.";

export class Client {
  #chat;
  #changed;
  #connection;
  #credentials = null;

  constructor(url, chat, changed) {
    this.#chat = chat;
    this.#changed = changed;
    const events = new Events(chat, {
      refresh: () => this.refreshQuietly(),
      fillGap: (room) => this.#attempt(() => this.#fillGap(room)),
    });
    this.#connection = new Connection(url, {
      opened: () => this.#opened(),
      received: (event, data) => events.received(event, data) && changed(),
      lost: () => this.#lost("waiting"),
      ended: (code) => this.#turnAway(farewell(code)),
    });
  }

  // What the user wants

  /** Log in with `{userId, name, token}`. They are kept in memory, to log in again after a reconnect. */
  logIn(credentials) {
    const chat = this.#chat;
    if (chat.me?.id !== credentials.userId) chat.forget();
    this.#credentials = credentials;
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

  /** Show a room; go into it where the user is not in it yet. */
  select(room) {
    this.#chat.selected = room;
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
    if (this.#chat.selected === room) this.#chat.selected = null;
    this.#changed();
    this.#attempt(async () => {
      await this.#connection.request(wire.leave(room.id));
      await this.refresh();
    });
  }

  /** Say something. Returns why not where that is clear without asking; else the message waits until it is answered. */
  say(room, body) {
    const problem = this.#problem(room, body);
    if (problem === null) this.#send(room, new Unsent(body));
    return problem;
  }

  /** Send a refused message again. */
  retry(room, unsent) {
    this.discard(room, unsent);
    unsent.refusal = null;
    this.#send(room, unsent);
  }

  /** Forget a refused message. */
  discard(room, unsent) {
    room.outbox = room.outbox.filter((other) => other !== unsent);
    this.#changed();
  }

  /** Ask again which rooms there are and how many people are in them. */
  async refresh() {
    const channels = wire.readChannels(await this.#connection.request(wire.listChannels()));
    const replies = await Promise.all(channels.map(({ id }) => this.#connection.request(wire.listRooms(id))));
    this.#chat.setChannels(channels.map((channel, at) => ({ ...channel, rooms: wire.readRooms(replies[at]) })));
    this.#changed();
  }

  /** The same, now and then: without complaint when it does not work. */
  refreshQuietly() {
    if (this.#chat.status === "in") this.refresh().catch(() => {});
  }

  // The connection

  async #opened() {
    this.#chat.status = "connecting";
    this.#changed();
    try {
      this.#welcome(wire.readLogin(await this.#connection.request(wire.login(this.#credentials))));
    } catch (problem) {
      if (problem instanceof Refusal) this.#turnAway(explain(problem));
      else if (!(problem instanceof ConnectionLost)) throw problem;
      return;
    }
    const { openRooms } = this.#chat;
    await Promise.all(openRooms.map((room) => this.#attempt(() => this.#enter(room))));
    await this.#attempt(() => this.refresh());
  }

  #welcome({ name, restartJitterSeconds, ...limits }) {
    this.#chat.me = { id: this.#credentials.userId, name };
    this.#chat.isInside = true;
    this.#chat.limits = limits;
    this.#chat.status = "in";
    this.#connection.restartJitterSeconds = restartJitterSeconds;
    this.#connection.settled();
    this.#changed();
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

  async #enter(room) {
    room.joining = true;
    try {
      const joined = wire.readJoin(await this.#connection.request(wire.join(room.id)));
      room.name = joined.name;
      room.open = room.live = true;
      room.setPeople(joined.people, joined.count);
      this.#catchUp(room, joined);
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      this.#chat.shutOut(room, `${room.name}: ${explain(problem)}`);
    } finally {
      room.joining = false;
      this.#changed();
    }
    await this.#sendAll(room);
  }

  /** Take over the newest messages. After an absence the rest is fetched, unless the server knows less than we do. */
  #catchUp(room, { messages, head }) {
    const { timeline } = room;
    const returning = timeline.seen !== null;
    if (!returning || head < timeline.seen) {
      timeline.begin(messages, head);
      if (returning) timeline.note(MISSING, 0);
      return;
    }
    const isBehind = head > timeline.seen;
    if (isBehind) timeline.gapOpened();
    messages.forEach((message) => timeline.put(message));
    if (isBehind) this.#attempt(() => this.#fillGap(room));
  }

  /** Fetch what is missing since the last message seen. An interruption leaves the rest for the next time. */
  async #fillGap(room) {
    const { timeline } = room;
    let after = timeline.seen;
    let head;
    try {
      for (let more = true; more; ) {
        const part = wire.readHistory(await this.#connection.request(wire.historyAfter(room.id, after)));
        if (!part.recovered) timeline.note(MISSING, after);
        timeline.gapShrunk(part.messages);
        this.#changed();
        after = part.messages.at(-1)?.seq ?? part.head;
        more = part.more;
        if (!more) head = part.head;
      }
    } finally {
      timeline.gapClosed(head);
    }
  }

  // Messages

  #problem(room, body) {
    const { maxCharacters, frameBytes } = this.#chat.limits;
    const length = [...body].length;
    if (length > maxCharacters) return `That is ${length} characters; at most ${maxCharacters} can be sent at once.`;
    // A frame that is too long would end the connection, and be sent again after it.
    const frame = wire.requestFrame(wire.say(room.id, body, "x".repeat(64)), Number.MAX_SAFE_INTEGER);
    return frame.length > frameBytes ? "That is too long to be sent at once." : null;
  }

  #send(room, unsent) {
    room.outbox = [...room.outbox, unsent];
    this.#changed();
    this.#attempt(() => this.#sendAll(room));
  }

  /** Send what waits, one after the other, so that a retry never changes the order. */
  async #sendAll(room) {
    if (room.sending) return;
    room.sending = true;
    try {
      for (let unsent; room.live && (unsent = room.outbox.find(({ refusal }) => refusal === null)); ) {
        await this.#sendOne(room, unsent);
        this.#changed();
      }
    } finally {
      room.sending = false;
    }
  }

  async #sendOne(room, unsent) {
    try {
      const reply = await this.#connection.request(wire.say(room.id, unsent.body, unsent.id));
      room.timeline.put(wire.readMessage(reply), unsent.id);
      room.outbox = room.outbox.filter((other) => other !== unsent);
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      if (problem.code === RATE_LIMITED) await sleep(problem.data?.retry_after_s ?? 1);
      else unsent.refusal = explain(problem);
    }
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

  #refused(problem) {
    this.#chat.announce(explain(problem));
    this.#changed();
  }
}

function sleep(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
