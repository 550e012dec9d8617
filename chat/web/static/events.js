/**
 * What the server says unasked, and what it does to the state.
 */

import { decodeText } from "./base64.js";
import * as wire from "./wire.js";
import { removal, sanction } from "./words.js";

export class Events {
  #chat;
  #refresh;
  #recount;
  #fillGap;

  /** Who went out of sight with the last event, and from which rooms: `{id, places: [{room, person}]}`. */
  #departed = null;

  /**
   * `refresh()` asks again which rooms there are, `recount()` who is in those that are open, `fillGap(room)` for the
   * messages that a room lacks.
   */
  constructor(chat, { refresh, recount, fillGap }) {
    this.#chat = chat;
    this.#refresh = refresh;
    this.#recount = recount;
    this.#fillGap = fillGap;
  }

  /** Take an event in. Returns whether it is one that matters here. */
  received(event, data) {
    const matters = Object.hasOwn(this.#takers, event);
    if (matters) this.#takers[event](data);
    if (event !== "gn_user_disconnected") this.#departed = null;
    return matters;
  }

  #takers = {
    message: (data) => this.#heard(data),
    gn_message_edited: (data) => this.#edited(data),
    gn_message_deleted: (data) => this.#deleted(data),
    gn_gap: (data) => this.#gapped(data),
    gn_user_joined: (data) => this.#joined(data.target.id, wire.readUser(data.actor)),
    gn_user_left: (data) => this.#left(data.target.id, data.actor.id),
    gn_user_disconnected: (data) => this.#disconnected(data.actor.id),
    gn_user_invisible: (data) => this.#wentInvisible(data.actor.id),
    gn_user_visible: (data) => this.#becameVisible(data.actor.id),
    gn_user_kicked: (data) => this.#kicked(data),
    gn_banned: (data) => this.#chat.announce(sanction(wire.readSanction(data))),
    gn_mute: (data) => this.#tell(data.target.id, sanction(wire.readSanction(data))),
    gn_unmute: (data) => this.#tell(data.target.id, "You are no longer muted."),
    gn_broadcast: (data) => this.#broadcast(wire.readBroadcast(data)),
    gn_room_created: (data) => this.#created(wire.readMade(data), data.actor.id),
    gn_room_renamed: (data) => this.#renamed(data.target.id, wire.readRoomName(data)),
    gn_room_removed: (data) => this.#removed(data.target.id, wire.readRemoval(data)),
  };

  #openRoom(id) {
    const room = this.#chat.rooms.get(id);
    return room?.open ? room : undefined;
  }

  // Messages

  #heard(data) {
    const room = this.#openRoom(data.target.id);
    if (room === undefined) return;
    const message = wire.readMessage(data);
    if (room.live) room.timeline.putLive(message);
    else room.timeline.put(message);
    const isRead = room === this.#chat.selected && !document.hidden;
    if (!isRead && message.author.id !== this.#chat.me.id) room.unread += 1;
  }

  #edited({ target, object }) {
    this.#openRoom(target.id)?.timeline.edit(object.id, decodeText(object.content));
  }

  #deleted({ target, object }) {
    const timeline = this.#openRoom(target.id)?.timeline;
    if (object.objectType === "room") timeline?.clear();
    else timeline?.remove(object.id);
  }

  #gapped({ target, object }) {
    const room = this.#openRoom(target.id);
    if (room === undefined) return;
    room.timeline.gapOpened(object.seq);
    this.#fillGap(room);
  }

  // People

  #joined(roomId, user) {
    this.#openRoom(roomId)?.addPerson(user);
    if (user.id === this.#chat.me.id) this.#chat.isShownAs(user.visibility);
  }

  #left(roomId, userId) {
    const room = this.#openRoom(roomId);
    if (userId === this.#chat.me.id) room?.close();
    else room?.removePerson(userId);
  }

  #disconnected(userId) {
    if (userId === this.#chat.me.id) return;
    const rooms = this.#chat.openRooms.filter(({ people }) => people.has(userId));
    this.#departed = { id: userId, places: rooms.map((room) => ({ room, person: room.people.get(userId) })) };
    for (const room of rooms) room.removePerson(userId);
  }

  /** Told to operators, right after everybody was told that the user is gone: for operators nobody has left. */
  #wentInvisible(userId) {
    if (this.#departed?.id !== userId) this.#recount();
    else for (const { room, person } of this.#departed.places) room.addPerson({ ...person, visibility: "invisible" });
  }

  #becameVisible(userId) {
    for (const { people } of this.#chat.openRooms) {
      if (people.has(userId)) people.set(userId, { ...people.get(userId), visibility: "online" });
    }
  }

  /** Of others who are removed, gn_user_left tells too. */
  #kicked({ target, object }) {
    const room = this.#chat.rooms.get(target.id);
    if (room === undefined || object.id !== this.#chat.me.id) return;
    const reason = decodeText(object.content);
    this.#chat.shutOut(room, `You were removed from ${room.name}.${reason ? ` Reason: ${reason}` : ""}`);
  }

  // Rooms and notices

  /** Users make rooms in channels that are known here; anything else is for the server to say. */
  #created({ channelId, room }, creatorId) {
    const { me } = this.#chat;
    const roles = creatorId === me.id ? [...me.roles, "owner"] : me.roles;
    if (room.isTemporary && this.#chat.channel(channelId)) this.#chat.addRoom(channelId, { ...room, roles });
    else this.#refresh();
  }

  #renamed(roomId, name) {
    const room = this.#chat.rooms.get(roomId);
    if (room !== undefined) this.#chat.renameRoom(room, name);
  }

  #removed(roomId, why) {
    const room = this.#chat.rooms.get(roomId);
    if (room !== undefined) this.#chat.endRoom(room, removal(room.name, why, this.#chat.me));
  }

  #broadcast({ from, text, roomId }) {
    const words = from ? `${from}: ${text}` : text;
    if (roomId === null) this.#chat.announce(words);
    else this.#tell(roomId, words);
  }

  /** Say something where it concerns the user: in the room, or across all where that is not open. */
  #tell(roomId, text) {
    const room = this.#openRoom(roomId);
    if (room === undefined) this.#chat.announce(text);
    else room.timeline.note(text);
  }
}
