/**
 * What was said in one room, each message once and in order, and up to where nothing is missing.
 *
 * Messages come several ways: with a join, live, as the reply to their sender, and from the history that fills a gap.
 * Their number `seq` says where they belong, whichever way came first.
 */

const LONGEST = 1000;

export class Timeline {
  /** Messages and notices in order: `{key, seq, message}` or `{key, seq, notice}`. */
  lines = [];

  /** Every message up to this number was seen; null before the first join. */
  seen = null;

  #byKey = new Map();
  #notices = 0;
  #gaps = 0;

  /** Begin with the newest messages of a room whose last number is `head`. */
  begin(messages, head) {
    this.clear();
    messages.forEach((message) => this.put(message));
    this.seen = head;
  }

  /** Put a message in its place. One that is there already is replaced, a deleted one goes. */
  put(message, key = message.id) {
    const same = this.#byKey.get(identity(message));
    if (message.deleted) this.remove(message.id);
    else if (same) same.message = message;
    else this.#insert({ key, seq: message.seq ?? this.#last, message });
  }

  /** A message came live: all before it were seen too, unless a gap is being filled. */
  putLive(message) {
    this.put(message);
    if (this.#gaps === 0 && message.seq !== undefined) this.seen = Math.max(this.seen, message.seq);
  }

  /** Change the words of a message. */
  edit(id, body) {
    const line = this.#line(id);
    if (line !== undefined) line.message = { ...line.message, body };
  }

  /** Forget a message. */
  remove(id) {
    const line = this.#line(id);
    if (line === undefined) return;
    this.lines.splice(this.lines.indexOf(line), 1);
    this.#byKey.delete(identity(line.message));
  }

  /** Forget everything. */
  clear() {
    this.lines = [];
    this.#byKey.clear();
  }

  /** A line that nobody said, at the end or after message number `seq`. */
  note(text, seq = this.#last) {
    this.#insert({ key: `notice ${++this.#notices}`, seq, notice: text });
  }

  /** From here on something may be missing: what comes live says nothing about what came before. */
  gapOpened(seq = this.seen) {
    this.#gaps += 1;
    this.seen = Math.min(this.seen, seq);
  }

  /** A part of the gap is filled. */
  gapShrunk(messages) {
    messages.forEach((message) => this.put(message));
    if (messages.length > 0) this.seen = Math.max(this.seen, messages.at(-1).seq);
  }

  /** The gap is filled, or nobody fills it any more: then `head` is left out, and the rest waits for the next time. */
  gapClosed(head) {
    this.#gaps -= 1;
    if (head !== undefined && this.#gaps === 0) this.seen = Math.max(head, this.#last);
  }

  get #last() {
    return this.lines.at(-1)?.seq ?? this.seen ?? 0;
  }

  #line(id) {
    return this.lines.find(({ message }) => message?.id === id);
  }

  #insert(line) {
    let place = this.lines.length;
    while (place > 0 && this.lines[place - 1].seq > line.seq) place -= 1;
    this.lines.splice(place, 0, line);
    if (line.message) this.#byKey.set(identity(line.message), line);
    if (this.lines.length > LONGEST) this.#forgetOldest();
  }

  #forgetOldest() {
    const oldest = this.lines.shift();
    if (oldest.message) this.#byKey.delete(identity(oldest.message));
  }
}

/** What makes two copies the same message: its number, or its id where it has none. */
function identity({ id, seq }) {
  return seq ?? id;
}
