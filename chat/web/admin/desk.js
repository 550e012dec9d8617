/**
 * What a moderator looks at, and the calls that keep it up to date. Nothing here touches the DOM.
 *
 * Everything that users wrote is text as they wrote it: show it through `textContent` alone.
 */

import { encodeText } from "./base64.js";
import { Names } from "./names.js";
import * as reading from "./reading.js";

export const PAGE = 100;
export const MOST = 500; // people that one call tells of
export const SHOWN = 200; // rooms, bans and mutes that are shown at once
const COUNTED = 100; // rooms in one question, whose address is not to get too long
const ROOMS_MS = 15_000;

export class Desk {
  #api;
  #asked = 0;
  #roomsAt;

  constructor(api) {
    this.#api = api;
    this.clear();
  }

  /** Forget everything. */
  clear() {
    this.drop();
    this.show("people");
    this.people = null;
    this.channels = [];
    this.room = null;
    this.bans = null;
    this.reports = null;
    this.moreReports = null;
    this.names = new Names();
    this.#roomsAt = -Infinity;
  }

  /** Look at something else. */
  show(view) {
    this.drop();
    this.view = view;
    this.search = "";
    this.limit = PAGE;
  }

  /** Look at a room, or with null at all of them. */
  choose(room) {
    this.show("rooms");
    this.room = room === null ? null : { ...room, people: null, count: null, mutes: [], bans: [] };
  }

  /** Every room, with its channel. */
  get rooms() {
    return this.channels.flatMap((channel) => channel.rooms);
  }

  /** The first rooms that have what is searched for, and how many there are. */
  get found() {
    const wanted = this.search.toLowerCase();
    const all = this.rooms.filter(({ name, id }) => id === wanted || name.toLowerCase().includes(wanted));
    return { rooms: all.slice(0, SHOWN), count: all.length };
  }

  /** Ask for what is looked at. Resolves with whether that is still what was asked for. Throws Problem. */
  async load() {
    const asked = ++this.#asked;
    const found = await this.#ask();
    if (asked !== this.#asked) return false;
    Object.assign(this, found);
    return true;
  }

  /** What has been asked for so far is of no interest any more. */
  drop() {
    this.#asked++;
  }

  /** Ask for all rooms, where there are many not every time. Throws Problem. */
  async loadRooms() {
    if (this.rooms.length > SHOWN && Date.now() - this.#roomsAt < ROOMS_MS) return;
    this.channels = reading.channels(await this.#api.get("rooms"), this.rooms);
    this.#roomsAt = Date.now();
  }

  /** The reports before the oldest one that is shown. */
  async loadMoreReports() {
    const { items, next } = await this.#api.get("reports", { before: this.moreReports });
    this.reports = [...this.reports, ...this.#read(items)];
    this.moreReports = next;
  }

  async #ask() {
    await this.loadRooms();
    if (this.view === "people") return { people: await this.#people(null) };
    if (this.view === "bans") return { bans: this.#known(reading.bans(await this.#api.get("banned"))) };
    if (this.view === "reports") return this.#reports();
    const [counted, room] = await Promise.all([this.#counts(), this.room && this.#room(this.room)]);
    return { ...counted, room };
  }

  async #people(roomId) {
    const query = { room_id: roomId, limit: this.limit, search: encodeText(this.search) };
    const { items, count } = await this.#api.get("online", query);
    return { count, items: this.#known(items.map(reading.person)) };
  }

  async #room({ id, name, ...rest }) {
    const [people, mutes, bans] = await Promise.all([
      this.#people(id),
      this.#api.get("muted", { room_id: id }),
      this.#api.get("banned", { room_id: id }),
    ]);
    const place = { kind: "room", id, name };
    const known = this.rooms.find((room) => room.id === id);
    const items = people.items.map((user) => ({ ...user, isMuted: Object.hasOwn(mutes, user.id) }));
    return {
      ...rest,
      ...known,
      id,
      name: known?.name ?? name,
      people: items,
      count: people.count,
      mutes: reading.mutes(mutes),
      bans: this.#known(reading.bansFrom(place, bans)),
    };
  }

  async #counts() {
    const ids = this.found.rooms.map((room) => room.id);
    const counts = {};
    for (let at = 0; at < ids.length; at += COUNTED) {
      const query = { room_ids: ids.slice(at, at + COUNTED), only_count: "true" };
      Object.assign(counts, await this.#api.get("users-in-rooms", query));
    }
    const counted = (room) => ({ ...room, count: counts[room.id] ?? room.count });
    return { channels: this.channels.map((channel) => ({ ...channel, rooms: channel.rooms.map(counted) })) };
  }

  /** The newest page, before those that were there already. */
  async #reports() {
    const { items, next } = await this.#api.get("reports");
    const newest = this.#read(items);
    const former = this.reports ?? [];
    const at = former.findIndex(({ id }) => id === newest.at(-1)?.id);
    if (at < 0) return { reports: newest, moreReports: next };
    return { reports: [...newest, ...former.slice(at + 1)], moreReports: this.moreReports };
  }

  #read(items) {
    const reports = items.map(reading.report);
    for (const { author, reporter } of reports) this.#known([reporter, author]);
    return reports;
  }

  #known(users) {
    for (const user of users) this.names.learn(user);
    return users;
  }
}
