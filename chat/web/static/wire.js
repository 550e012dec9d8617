/**
 * What goes over the wire: frames, requests, and what replies and events mean.
 *
 * Everything here is a pure function; the rest of the page never sees an ActivityStreams object. Text that was read
 * here is as a stranger wrote it: show it through `textContent` only.
 */

import { decodeText, encodeText } from "./base64.js";

const SYSTEM = "0"; // the user who stands for the server itself

// Frames: JSON arrays [event, data] or [event, data, id]

/** The text of a frame that carries a request. The reply has the same `id`. */
export function requestFrame({ event, data }, id) {
  return JSON.stringify([event, data, id]);
}

/** `{event, data, id}` of a frame; null where it is none. */
export function parseFrame(text) {
  try {
    const [event, data, id] = JSON.parse(text);
    return typeof event === "string" && typeof data === "object" && data !== null ? { event, data, id } : null;
  } catch {
    return null;
  }
}

// Requests

/** Is the server there? */
export const alive = () => ({ event: "connect", data: {} });

/** Say who we are, and how we want to be seen. `token` is optional. */
export const login = ({ userId, name, token }, visibility) => ({
  event: "login",
  data: {
    verb: "login",
    actor: {
      id: userId,
      displayName: encodeText(name || userId),
      ...(visibility === "invisible" ? { content: visibility } : {}),
      attachments: token ? [{ objectType: "token", content: token }] : [],
    },
  },
});

/** Be seen by everybody ("online"), or by operators alone ("invisible"). */
export const status = (visibility) => ({ event: "status", data: { verb: visibility } });

export const listChannels = () => ({ event: "list_channels", data: { verb: "list" } });

export const listRooms = (channelId) => ({ event: "list_rooms", data: { verb: "list", object: { url: channelId } } });

export const listUsers = (roomId) => ({ event: "users_in_room", data: { verb: "list", target: { id: roomId } } });

export const join = (roomId) => ({ event: "join", data: { verb: "join", target: { id: roomId } } });

export const leave = (roomId) => ({ event: "leave", data: { verb: "leave", target: { id: roomId } } });

/** Make a room that lasts as long as somebody keeps it. */
export const create = (channelId, name) => ({
  event: "create",
  data: { verb: "create", object: { url: channelId }, target: { displayName: encodeText(name) } },
});

/** Give a room another name. */
export const renameRoom = (roomId, name) => ({
  event: "rename_room",
  data: { verb: "rename", target: { id: roomId, displayName: encodeText(name) } },
});

/** Take a room away. */
export const removeRoom = (roomId) => ({ event: "remove_room", data: { verb: "remove", target: { id: roomId } } });

/** Say something. Sending it again with the same `clientId` does no harm. */
export const say = (roomId, body, clientId) => ({
  event: "message",
  data: {
    verb: "send",
    target: { id: roomId, objectType: "room" },
    object: { id: clientId, content: encodeText(body) },
  },
});

/** Take back what one said. */
export const deleteMessage = (roomId, messageId) => ({
  event: "delete",
  data: { verb: "delete", target: { id: roomId }, object: { id: messageId } },
});

/** What was said after message number `seq`. */
export const historyAfter = (roomId, seq) => ({
  event: "history",
  data: { verb: "list", target: { id: roomId }, object: { seq } },
});

// Replies

/** Who we are, the limits that came with a login, and how long to spread a return after a restart. */
export function readLogin(data) {
  const everywhere = data.actor.attachments.find(({ objectType }) => objectType === "global_roles");
  return {
    name: decodeText(data.actor.displayName),
    roles: splitRoles(everywhere?.content),
    maxCharacters: data.limits?.max_characters ?? Infinity,
    frameBytes: data.limits?.frame_bytes ?? Infinity,
    restartJitterSeconds: data.reconnect_jitter_s ?? 0,
  };
}

/** Channels `{id, name}` in their order. */
export function readChannels(data) {
  return data.object.attachments.map(({ id, displayName }) => ({ id, name: decodeText(displayName) }));
}

/** Rooms in their order; `count` is how many users are there, `roles` what we are there. */
export function readRooms(data) {
  return data.object.attachments.map(({ id, displayName, url, summary, objectType, content }) => ({
    id,
    name: decodeText(displayName),
    sort: url,
    count: summary,
    isTemporary: objectType === "temporary",
    roles: splitRoles(content),
  }));
}

/** The room that was made: `channelId` is where, `room` is what a list would say of it, but for our roles. */
export function readMade({ target, object }) {
  const room = { id: target.id, name: decodeText(target.displayName), sort: 0, count: 0 };
  return { channelId: object?.url, room: { ...room, isTemporary: target.objectType === "temporary" } };
}

/** The name that a room has now. */
export function readRoomName({ target }) {
  return decodeText(target.displayName);
}

/** A room as one comes in: its newest messages (oldest first), the number of the newest one, and who is there. */
export function readJoin(data) {
  const groups = Object.fromEntries(data.object.attachments.map((group) => [group.objectType, group]));
  return {
    name: decodeText(data.target.displayName),
    messages: groups.history.attachments.map(readEntry).reverse(),
    head: data.object.head,
    people: groups.user.attachments.map(readUser),
    count: groups.user.summary,
  };
}

/** Who is in a room, as far as it is told, and how many are there in all. */
export function readUsers(data) {
  return { people: data.object.attachments.map(readUser), count: data.object.summary };
}

/** A part of a room's history, oldest first. `recovered` is false where older messages are no longer kept. */
export function readHistory(data) {
  const { head, more, recovered, attachments } = data.object;
  return { messages: attachments.map(readEntry), head, more, recovered };
}

function readEntry(entry) {
  return {
    id: entry.id,
    seq: entry.seq,
    author: entry.author && readUser(entry.author),
    body: decodeText(entry.content),
    published: new Date(entry.published),
    deleted: entry.deleted === true,
  };
}

// Events

/** A user, from an actor, an author or an occupant. Of those who are there operators see who is invisible. */
export function readUser(user) {
  return {
    id: user.id,
    name: decodeText(user.displayName) || user.id,
    roles: splitRoles(user.content),
    visibility: user.objectType === "invisible" ? "invisible" : "online",
  };
}

function splitRoles(roles) {
  return typeof roles === "string" ? roles.split(",").filter(Boolean) : [];
}

/** A message, from the event or from the reply to its sender. One that is not kept has no `seq`. */
export function readMessage(data) {
  return {
    id: data.id,
    seq: data.seq,
    author: readUser(data.actor),
    body: decodeText(data.object.content),
    published: new Date(data.published),
    deleted: false,
  };
}

/** A mute or ban: its kind, where, why, and how many seconds are left (null where that is not known). */
export function readSanction(data) {
  const { summary, updated, content } = data.object ?? {};
  return {
    kind: data.verb,
    where: data.target?.objectType === "global" ? "" : decodeText(data.target?.displayName),
    reason: decodeText(content),
    secondsLeft: secondsLeft(summary, Date.parse(updated) - Date.parse(data.published)),
  };
}

/** A refusal says it in `summary`, an event by its end; its own time, since clocks differ, is when it was made. */
function secondsLeft(summary, spanMs) {
  if (/^\d+$/.test(summary)) return Number(summary);
  return Number.isNaN(spanMs) ? null : Math.ceil(spanMs / 1000);
}

/** That a room was removed: by whom (null for nobody in person), and why. */
export function readRemoval({ actor, object }) {
  return { by: actor.id === SYSTEM ? null : readUser(actor), reason: decodeText(object?.content) };
}

/** What a backend tells everyone, or those in `roomId`. */
export function readBroadcast(data) {
  return { from: decodeText(data.actor?.displayName), text: decodeText(data.content), roomId: data.target?.id ?? null };
}
