/**
 * One room as the page knows it: who is in it, what was said there, what waits to be said.
 */

import { Timeline } from "./timeline.js";

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

  /** Whether there is no such room any more: what was said stays to be read. */
  ended = false;

  name = "";
  channelName = "";
  sort = 0;
  isTemporary = false;

  /** What the user is there. */
  roles = [];

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

  /** Whether the user may give it another name and remove it: its owner, and of one that users made all who keep order. */
  get isManageable() {
    return !this.ended && (this.roles.includes("owner") || (this.isTemporary && this.roles.length > 0));
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

  /** Nobody is in it any more, nor will be. */
  end() {
    this.close();
    this.ended = true;
    this.count = 0;
  }
}

/** The order of rooms in a channel: those that stay in the order they were given, then those that users made. */
export function inOrder(one, other) {
  return (
    one.isTemporary - other.isTemporary || one.sort - other.sort || (one.name > other.name) - (one.name < other.name)
  );
}

/** 128 random bits. `crypto.randomUUID` does not exist on pages without TLS. */
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
