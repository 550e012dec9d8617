/**
 * The conversation with the server: what the user wants becomes requests, and replies become state.
 *
 * After every reconnect the same happens: log in again, join the open rooms again, fill their gaps, send what waits.
 * Nothing here touches the DOM; `changed` is called after every change of the state.
 */

import { Connection, ConnectionLost, Refusal } from "./connection.js";
import { Events } from "./events.js";
import { History } from "./history.js";
import { Lobby } from "./lobby.js";
import { Sender } from "./sender.js";
import * as wire from "./wire.js";
import { explain, farewell, interruption } from "./words.js";

export class Client {
  /** What the user does with rooms, and says in them. */
  lobby;
  sender;

  #chat;
  #changed;
  #connection;
  #history;
  #credentials = null;

  constructor(url, chat, changed) {
    this.#chat = chat;
    this.#changed = changed;
    const ways = { request: (one) => this.#request(one), attempt: (act) => this.#attempt(act), changed };
    this.sender = new Sender(chat, ways);
    this.lobby = new Lobby(chat, ways, (room, joined) => this.#joined(room, joined));
    this.#history = new History(ways);
    const events = new Events(chat, {
      refresh: () => this.lobby.refreshQuietly(),
      recount: () => this.lobby.recount(),
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
    await Promise.all(openRooms.map((room) => this.#attempt(() => this.lobby.enter(room))));
    await this.#attempt(() => this.lobby.refresh());
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

  #joined(room, joined) {
    this.#history.catchUp(room, joined);
    this.#attempt(() => this.sender.sendAll(room));
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
