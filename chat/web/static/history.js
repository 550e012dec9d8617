/**
 * Bringing a room's timeline up to what the server has: after an absence, and where live messages were left out.
 */

import * as wire from "./wire.js";

const MISSING = "Some messages are missing here.";

export class History {
  #request;
  #attempt;
  #changed;

  /** `request(request)` is the reply's data, `attempt(act)` does something that may be refused. */
  constructor({ request, attempt, changed }) {
    this.#request = request;
    this.#attempt = attempt;
    this.#changed = changed;
  }

  /** Take over the newest messages. After an absence the rest is fetched, unless the server knows less than we do. */
  catchUp(room, { messages, head }) {
    const { timeline } = room;
    const returning = timeline.seen !== null;
    if (!returning || head < timeline.seen) {
      timeline.begin(messages, head);
      if (returning) timeline.note(MISSING, 0);
      return;
    }
    const isBehind = head > timeline.seen;
    if (isBehind) timeline.gapOpened();
    messages.forEach((message) => timeline.put(message));
    if (isBehind) this.fillGap(room);
  }

  /** Fetch what is missing since the last message seen. An interruption leaves the rest for the next time. */
  fillGap(room) {
    this.#attempt(() => this.#fill(room));
  }

  async #fill({ id, timeline }) {
    let after = timeline.seen;
    let head;
    try {
      for (let more = true; more; ) {
        const part = wire.readHistory(await this.#request(wire.historyAfter(id, after)));
        if (!part.recovered) timeline.note(MISSING, after);
        timeline.gapShrunk(part.messages);
        this.#changed();
        after = part.messages.at(-1)?.seq ?? part.head;
        more = part.more;
        if (!more) head = part.head;
      }
    } finally {
      timeline.gapClosed(head);
    }
  }
}
