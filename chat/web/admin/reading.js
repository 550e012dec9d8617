/**
 * What the answers of the server mean. Pure functions; names and reasons come out as text, ends as `Date`.
 */

import { decodeText } from "./base64.js";

/** Somebody who is online. */
export function person({ user_id: id, name, status, rooms, roles }) {
  const places = rooms.map((room) => ({ id: room.room_id, name: decodeText(room.room_name) }));
  return { id, name: decodeText(name), status, roles: roles === "" ? [] : roles.split(","), places };
}

/** The channels with their rooms, in the server's order. `former` rooms lend their counts. */
export function channels(listed, former) {
  const counts = new Map(former.map(({ id, count }) => [id, count]));
  const found = new Map();
  for (const { id, name, status, channel, channel_id: channelId } of listed) {
    const channelName = decodeText(channel);
    if (!found.has(channelId)) found.set(channelId, { id: channelId, name: channelName, rooms: [] });
    const isTemporary = status === "temporary";
    const room = { id, name: decodeText(name), isTemporary, channelId, channelName, count: counts.get(id) ?? null };
    found.get(channelId).rooms.push(room);
  }
  return [...found.values()];
}

/** The mutes of a room, those that end first first. */
export function mutes(listed) {
  const read = ([id, mute]) => ({ id, by: mute.muter_user_id, ...sanction(mute) });
  return Object.entries(listed).map(read).sort(byEnd);
}

/** Every ban: `place` is `{kind, id, name}`. */
export function bans({ global, channels, rooms }) {
  const from = (kind, places) =>
    Object.entries(places).flatMap(([id, { name, users }]) => bansFrom({ kind, id, name: decodeText(name) }, users));
  const everywhere = { kind: "global", id: "", name: "" };
  return [...bansFrom(everywhere, global), ...from("channel", channels), ...from("room", rooms)];
}

/** The bans from one place, those that end first first. */
export function bansFrom(place, listed) {
  if (typeof listed.code === "number") return []; // the place is gone
  const read = ([id, ban]) => ({ id, name: decodeText(ban.name), by: ban.admin_id, place, ...sanction(ban) });
  return Object.entries(listed).map(read).sort(byEnd);
}

/** What somebody reported. */
export function report(told) {
  return {
    id: told.id,
    text: decodeText(told.body),
    author: { id: told.user_id, name: decodeText(told.user_name) },
    reporter: { id: told.reporter_id, name: decodeText(told.reporter_name) },
    room: { id: told.room_id, name: decodeText(told.room_name) },
    reason: decodeText(told.reason),
    at: new Date(told.timestamp),
  };
}

function sanction({ reason, timestamp }) {
  return { reason: decodeText(reason), until: new Date(timestamp) };
}

function byEnd(one, other) {
  return one.until - other.until;
}
