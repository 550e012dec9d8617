/**
 * What was said in a room, on the page: one scrolling list per room, kept while other rooms are shown.
 */

import { avatar } from "./avatar.js";
import { arrange, element } from "./dom.js";
import { clock, day } from "./times.js";

const TOGETHER_MS = 5 * 60_000;
const NEAR_PX = 60;

export class RoomLog {
  #list = element("ol");

  /** `actions` are `retry(unsent)`, `discard(unsent)` and `takeBack(message)`. */
  constructor(room, actions) {
    this.room = room;
    this.actions = actions;
    this.node = element("div", { className: "log", role: "log", tabIndex: 0 }, this.#list);
    this.node.ariaLabel = "Messages";
  }

  /** Show the room as it is now. The newest stays in sight for who reads the newest. */
  render(me) {
    const { node } = this;
    node.classList.toggle("open", this.room.open);
    const reads = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR_PX;
    arrange(this.#list, [...this.#entries(me)], {
      key: (entry) => entry.key,
      make: (entry) => entry.make(),
      update: (item, entry) => entry.update?.(item),
    });
    if (reads) this.scrollToEnd();
  }

  scrollToEnd() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  *#entries(me) {
    let date = null;
    let former = null; // the message right above
    for (const { key, message, notice } of this.room.timeline.lines) {
      if (message === undefined) {
        yield noticeLine(key, notice);
        former = null;
        continue;
      }
      if (date !== (date = day(message.published))) yield dayLine(key, date);
      const isMine = message.author.id === me.id;
      const takeBack = isMine && message.seq !== undefined ? this.actions.takeBack : null;
      yield said(key, message, { isMine, continues: continues(former, message), takeBack });
      former = message;
    }
    for (const one of this.room.outbox) yield this.#unsent(one);
  }

  #unsent(one) {
    return {
      key: one.id,
      make: () => element("li", { className: "message mine unsent" }, element("p", { className: "body" }, one.body)),
      update: (item) => {
        item.classList.toggle("refused", one.refusal !== null);
        const shown = item.querySelector(".fate")?.dataset.refusal;
        if (shown === undefined || shown !== (one.refusal ?? "")) this.#tellFate(item, one);
      },
    };
  }

  #tellFate(item, one) {
    item.querySelector(".fate")?.remove();
    item.append(one.refusal === null ? waiting() : this.#refused(one));
  }

  #refused(one) {
    const retry = element("button", { className: "plain", onclick: () => this.actions.retry(one) }, "Try again");
    const discard = element("button", { className: "plain", onclick: () => this.actions.discard(one) }, "Discard");
    const fate = element("p", { className: "fate" }, element("span", {}, `Not sent. ${one.refusal}`), retry, discard);
    fate.dataset.refusal = one.refusal;
    return fate;
  }
}

function waiting() {
  const fate = element("p", { className: "fate" }, "Sending…");
  fate.dataset.refusal = "";
  return fate;
}

function noticeLine(key, text) {
  return { key, make: () => element("li", { className: "notice" }, text) };
}

function dayLine(key, date) {
  return { key: `day of ${key}`, make: () => element("li", { className: "day" }, element("span", {}, date)) };
}

/** The same person goes on talking: the name need not be said again. */
function continues(former, message) {
  return (
    former !== null &&
    former.author.id === message.author.id &&
    message.published - former.published < TOGETHER_MS &&
    day(former.published) === day(message.published)
  );
}

function said(key, message, { isMine, continues, takeBack }) {
  return {
    key,
    make: () => element("li"),
    update: (item) => {
      // A message that waited becomes one that was said: the same item, filled anew.
      if (item.dataset.said !== message.body) {
        item.replaceChildren(...parts(message));
        if (takeBack) item.append(takingBack(() => takeBack(message)));
        item.dataset.said = message.body;
      }
      item.className = "message";
      item.classList.toggle("mine", isMine);
      item.classList.toggle("continues", continues);
    },
  };
}

function parts({ author, body, published }) {
  const time = element("time", { dateTime: published.toISOString(), title: published.toLocaleString() });
  time.textContent = clock(published);
  return [
    avatar(author),
    element("p", { className: "by" }, element("b", {}, author.name), " ", time),
    element("p", { className: "body" }, body),
  ];
}

/** A button that has to be pressed twice, lest a message goes by mistake. */
function takingBack(act) {
  const button = element("button", { className: "plain take-back" });
  const ask = (isAsking) => {
    button.textContent = isAsking ? "Delete?" : "✕";
    button.ariaLabel = isAsking ? "Really delete this message" : "Delete this message";
    button.onclick = isAsking ? act : () => ask(true);
  };
  button.onblur = () => ask(false);
  ask(false);
  return button;
}
