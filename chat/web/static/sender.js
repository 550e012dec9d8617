/**
 * What the user says, on its way: it waits with its room until the server has answered, over any number of connections.
 */

import { Refusal } from "./connection.js";
import { Unsent } from "./room.js";
import * as wire from "./wire.js";
import { explain } from "./words.js";

const RATE_LIMITED = 900;

export class Sender {
  #chat;
  #request;
  #attempt;
  #changed;

  /** `request(request)` is the reply's data, `attempt(act)` does something that may be refused. */
  constructor(chat, { request, attempt, changed }) {
    this.#chat = chat;
    this.#request = request;
    this.#attempt = attempt;
    this.#changed = changed;
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

  /** Take back a message that was sent. It goes when the server tells everybody so. */
  takeBack(room, message) {
    this.#attempt(() => this.#request(wire.deleteMessage(room.id, message.id)));
  }

  /** Send what waits, one after the other, so that a retry never changes the order. */
  async sendAll(room) {
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
    this.#attempt(() => this.sendAll(room));
  }

  /** One that comes too soon just goes on waiting: the connection holds back what comes next. */
  async #sendOne(room, unsent) {
    try {
      const reply = await this.#request(wire.say(room.id, unsent.body, unsent.id));
      room.timeline.put(wire.readMessage(reply), unsent.id);
      room.outbox = room.outbox.filter((other) => other !== unsent);
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      if (problem.code !== RATE_LIMITED) unsent.refusal = explain(problem);
    }
  }
}
