/**
 * What the page knows: who we are, which rooms there are, who is in them, and what waits to be sent.
 *
 * Plain values without network and without DOM. `client.js` and `events.js` change them, `view.js` shows them.
 */

import { Timeline } from "./timeline.js";

const MOST_NOTICES = 4;

/** A message that the server has not answered. `id` stays the same over all attempts. */
export class Unsent {
  /** Why the server does not want it; null while it waits. */
  refusal = null;

  constructor(body) {
    this.id = randomId();
    this.body = body;
    this.written = new Date();
  }
}

export class Room {
  /** Whether the user wants to be in it, and whether the server agreed on this connection. */
  open = false;
  live = false;

  /** Whether the server is being asked to let the user in. */
  joining = false;

  name = "";
  channelName = "";
  count = 0;
  unread = 0;
  draft = "";

  people = new Map();
  timeline = new Timeline();
  outbox = [];

  /** Whether somebody is working through `outbox`. */
  sending = false;

  constructor(id) {
    this.id = id;
  }

  /** These people are here, and `count` of them in all. */
  setPeople(people, count) {
    this.people = new Map(people.map((user) => [user.id, user]));
    this.count = count;
  }

  /** Somebody came in. */
  addPerson(user) {
    if (!this.people.has(user.id)) this.count += 1;
    this.people.set(user.id, user);
  }

  /** Somebody left. A long list of people is not complete: who is not on it left nevertheless. */
  removePerson(userId) {
    this.people.delete(userId);
    this.count = Math.max(this.people.size, this.count - 1);
  }

  /** The user is no longer in it; what was said stays to be read. */
  close() {
    this.open = this.live = false;
    this.people.clear();
  }
}

export class Chat {
  /** "out", "connecting", "in", or "waiting" for the next attempt to connect. */
  status = "out";

  /** Whether a login succeeded that still holds, be it on a connection that is about to come back. */
  isInside = false;

  /** Why the user is out. */
  farewell = "";

  me = null;
  limits = { maxCharacters: Infinity, frameBytes: Infinity };

  channels = [];
  rooms = new Map();
  selected = null;

  /** What is to be said whatever room is shown: `{key, text}`. */
  notices = [];

  #lastNotice = 0;

  /** Forget whatever belongs to the user who was here. */
  forget() {
    this.me = this.selected = null;
    this.channels = [];
    this.notices = [];
    this.rooms.clear();
  }

  /** The room with this id, made known where it was not. */
  room(id) {
    if (!this.rooms.has(id)) this.rooms.set(id, new Room(id));
    return this.rooms.get(id);
  }

  /** The rooms that the user wants to be in. */
  get openRooms() {
    return [...this.rooms.values()].filter((room) => room.open);
  }

  /** How many messages came to rooms that are not shown. */
  get unread() {
    return this.openRooms.reduce((sum, room) => sum + room.unread, 0);
  }

  /** The user is out of a room, not by own choice. */
  shutOut(room, reason) {
    room.close();
    this.announce(reason);
  }

  /** Say something across all rooms. */
  announce(text) {
    this.notices.push({ key: ++this.#lastNotice, text });
    this.notices = this.notices.slice(-MOST_NOTICES);
  }

  dismiss(key) {
    this.notices = this.notices.filter((notice) => notice.key !== key);
  }

  /** The channels with their rooms, as just listed. Rooms that are open stay known. */
  setChannels(channels) {
    this.channels = channels.map(({ name, rooms }) => ({
      name,
      rooms: rooms.map((listed) => this.#listed(listed, name)),
    }));
    const known = new Set(this.channels.flatMap(({ rooms }) => rooms));
    for (const room of this.rooms.values()) {
      if (!known.has(room) && !room.open && room !== this.selected) this.rooms.delete(room.id);
    }
  }

  #listed({ id, name, count }, channelName) {
    return Object.assign(this.room(id), { name, count, channelName });
  }
}

/** 128 random bits. `crypto.randomUUID` does not exist on pages without TLS. */
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
