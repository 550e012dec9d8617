/**
 * What a moderator does: what is to be asked first, the call, and what to say when it is done.
 *
 * Sentences are lists of strings and elements, so that a name stays a name whatever is in it.
 */

import { Problem } from "./api.js";
import { encodeText } from "./base64.js";
import { SHOWN } from "./desk.js";
import { placeName, quoted } from "./words.js";

const EVERYWHERE = { kind: "global", id: "", name: "" };
const BANNED_EVERYWHERE = "This closes every connection of theirs, and lets them in nowhere until it is over.";
const TOLD_EVERYBODY = "Everybody who is logged in sees this, in every room, at once.";

export class Actions {
  #api;
  #desk;
  #ask;

  /** `ask(what)` opens the dialog: see `ActDialog`. */
  constructor(api, desk, ask) {
    this.#api = api;
    this.#desk = desk;
    this.#ask = ask;
  }

  /** Keep somebody from speaking in a room: this one, or one that is to be chosen. */
  mute(user, room = null) {
    const places = room === null ? this.#roomsOf(user) : [placeOf(room)];
    this.#ask({
      title: ["Mute ", quoted(user.name), ...where("in", places)],
      verb: "Mute",
      fields: ["place", "duration", "reason"],
      places,
      act: async ({ place, duration, reason }) => {
        const entry = { room_id: place.id, duration, reason: encodeText(reason) };
        await this.#api.act("POST", "mute", { [user.id]: entry });
        return [quoted(user.name), " is muted in ", quoted(place.name), ` for ${duration}.`];
      },
    });
  }

  /** Let somebody speak again. */
  unmute(user, room) {
    this.#ask({
      title: ["Unmute ", quoted(user.name)],
      text: ["May speak in ", quoted(room.name), " again, at once."],
      verb: "Unmute",
      fields: [],
      act: async () => {
        await this.#api.act("DELETE", "mute", { user_id: user.id, room_id: room.id });
        return [quoted(user.name), " may speak in ", quoted(room.name), " again."];
      },
    });
  }

  /** Put somebody out of a room. */
  kick(user, room = null) {
    const places = room === null ? user.places.map(placeOf) : [placeOf(room)];
    this.#ask({
      title: ["Kick ", quoted(user.name), ...where("from", places)],
      text: ["Out of the room, at once. Nothing keeps them from coming back."],
      verb: "Kick",
      fields: ["place", "reason"],
      places,
      act: async ({ place, reason }) => {
        const entry = { room_id: place.id, reason: encodeText(reason) };
        const fate = (await this.#api.act("POST", "kick", { [user.id]: entry }))[user.id];
        if (fate !== "OK") throw new Problem("refused", fate.message);
        return [quoted(user.name), " was kicked from ", quoted(place.name), "."];
      },
    });
  }

  /** Keep somebody out: of a room, a channel, or everything. Without a user, whoever is named by id. */
  ban(user = null, room = null) {
    this.#ask({
      title: user === null ? ["Ban somebody"] : ["Ban ", quoted(user.name)],
      verb: "Ban",
      fields: [...(user === null ? ["user"] : []), "place", "duration", "reason"],
      places: [...(room === null ? this.#roomsOf(user) : [placeOf(room)]), ...this.#channels(room), EVERYWHERE],
      warn: ({ place }) => (place.kind === "global" ? BANNED_EVERYWHERE : null),
      act: async ({ user: id, place, duration, reason }) => {
        const entry = { ...target(place), duration, reason: encodeText(reason) };
        await this.#api.act("POST", "ban", { [user?.id ?? id]: entry });
        return [quoted(user?.name ?? id), " is banned from ", ...placeName(place), ` for ${duration}.`];
      },
    });
  }

  /** Let somebody in again. */
  unban(user, place) {
    this.#ask({
      title: ["Unban ", quoted(user.name)],
      text: ["No longer banned from ", ...placeName(place), ", at once."],
      verb: "Unban",
      fields: [],
      act: async () => {
        await this.#api.act("DELETE", "ban", { user_id: user.id, ...target(place) });
        return [quoted(user.name), " is no longer banned from ", ...placeName(place), "."];
      },
    });
  }

  /** Say something to a room, or to everybody. */
  broadcast(room = null) {
    this.#ask({
      title: room === null ? ["Tell everybody"] : ["Tell ", quoted(room.name)],
      verb: "Send",
      fields: ["body"],
      warn: () => (room === null ? TOLD_EVERYBODY : null),
      act: async ({ body }) => {
        const place = room === null ? {} : { room_id: room.id };
        await this.#api.act("POST", "broadcast", { body: encodeText(body), verb: "broadcast", ...place });
        return room === null ? ["Everybody was told."] : [quoted(room.name), " was told."];
      },
    });
  }

  #roomsOf(user) {
    return (user?.places?.length ? user.places : this.#desk.rooms.slice(0, SHOWN)).map(placeOf);
  }

  #channels(room) {
    const { channels, rooms } = this.#desk;
    const own = room && rooms.find(({ id }) => id === room.id)?.channelId;
    const asked = channels.filter(({ id }) => !own || id === own);
    return asked.map(({ id, name }) => ({ kind: "channel", id, name }));
  }
}

function placeOf({ id, name }) {
  return { kind: "room", id, name };
}

/** The place, where there is no choice. */
function where(preposition, places) {
  return places.length === 1 ? [` ${preposition} `, ...placeName(places[0])] : [];
}

function target({ kind, id }) {
  return id === "" ? { type: kind } : { type: kind, target: id };
}
