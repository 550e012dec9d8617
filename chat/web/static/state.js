/**
 * What the page knows: who we are, which channels and rooms there are, and what is to be told.
 *
 * Plain values without network and without DOM. `client.js` and `events.js` change them, `view.js` shows them.
 */

import { Room, inOrder } from "./room.js";

const MOST_NOTICES = 4;

export class Chat {
  /** "out", "connecting", "in", or "waiting" for the next attempt to connect. */
  status = "out";

  /** Whether a login succeeded that still holds, be it on a connection that is about to come back. */
  isInside = false;

  /** Why the page waits for the next attempt. */
  interruption = "";

  /** Why the user is out. */
  farewell = "";

  /** Who we are: `{id, name, roles}`, with the roles that hold everywhere. */
  me = null;
  limits = { maxCharacters: Infinity, frameBytes: Infinity };

  /** How the user wants to be seen, "online" or "invisible", and how the server is known to show the user. */
  visibility = "online";
  shownAs = "online";

  /** Channels in their order: `{id, name, rooms}`. */
  channels = [];
  rooms = new Map();
  selected = null;

  /** What is to be said whatever room is shown: `{key, text}`. */
  notices = [];

  #lastNotice = 0;

  /** Forget whatever belongs to the user who was here. */
  forget() {
    this.me = this.selected = null;
    this.visibility = this.shownAs = "online";
    this.channels = [];
    this.notices = [];
    this.rooms.clear();
  }

  /** The server shows the user like this. So be it, unless the user has just asked for something else. */
  isShownAs(visibility) {
    if (this.visibility === this.shownAs) this.visibility = visibility;
    this.shownAs = visibility;
  }

  /** The rooms that the user wants to be in. */
  get openRooms() {
    return [...this.rooms.values()].filter((room) => room.open);
  }

  /** How many messages came to rooms that are not shown. */
  get unread() {
    return this.openRooms.reduce((sum, room) => sum + room.unread, 0);
  }

  /** Show a room, or none. */
  select(room) {
    const former = this.selected;
    this.selected = room;
    if (former?.ended) this.rooms.delete(former.id);
  }

  // What there is

  /** These channels there are, in this order. */
  setChannels(channels) {
    const former = new Map(this.channels.map(({ id, rooms }) => [id, rooms]));
    this.channels = channels.map(({ id, name }) => ({ id, name, rooms: former.get(id) ?? [] }));
  }

  /** The channel with this id. */
  channel(id) {
    return this.channels.find((channel) => channel.id === id);
  }

  /** These rooms a channel has, as just listed. Rooms that are open or shown stay known. */
  setRooms(channelId, rooms) {
    const channel = this.channel(channelId);
    if (channel === undefined) return;
    channel.rooms = rooms.map((listed) => this.#known(channel, listed));
    const listed = new Set(this.channels.flatMap((each) => each.rooms));
    for (const room of this.rooms.values()) {
      if (!listed.has(room) && !room.open && room !== this.selected) this.rooms.delete(room.id);
    }
  }

  /** A channel has one more room. It comes to its place; one that is known stays as it is. */
  addRoom(channelId, listed) {
    const channel = this.channel(channelId);
    const room = this.rooms.get(listed.id) ?? this.#known(channel, listed);
    if (channel?.rooms.includes(room) === false) channel.rooms.push(room);
    channel?.rooms.sort(inOrder);
    return room;
  }

  /** A room has another name. */
  renameRoom(room, name) {
    room.name = name;
    for (const { rooms } of this.channels) rooms.sort(inOrder);
  }

  /** A room is no more. Who was in it or looks at it is told, and may go on reading what was said. */
  endRoom(room, reason) {
    if (room.ended) return;
    const wasOpen = room.open;
    room.end();
    for (const channel of this.channels) channel.rooms = channel.rooms.filter((other) => other !== room);
    if (room === this.selected) {
      room.timeline.note(reason);
      return;
    }
    this.rooms.delete(room.id);
    if (wasOpen) this.announce(reason);
  }

  #known(channel, listed) {
    if (!this.rooms.has(listed.id)) this.rooms.set(listed.id, new Room(listed.id));
    return Object.assign(this.rooms.get(listed.id), listed, { channelName: channel?.name ?? "", ended: false });
  }

  // What is to be told

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
}
