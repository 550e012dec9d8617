/**
 * The page around the lists: signing in and out, where to look, how the server is, and what was done.
 */

import { BansView } from "./bans.js";
import { MOST } from "./desk.js";
import { arrange, byId, element } from "./dom.js";
import { PeopleList } from "./people.js";
import { ReportsView } from "./reports.js";
import { RoomsView } from "./rooms.js";
import { say, tick } from "./rows.js";
import { counted } from "./words.js";

const NOTICE_MS = 10_000;
const NOTICES = 3;

export class View {
  #desk;
  #people;
  #views;
  #notices = [];
  #told = 0;

  /** `ways` are `look(view)`, `choose(room)`, `search(text)`, `more()` and `moreReports()`. */
  constructor(desk, actions, ways) {
    this.#desk = desk;
    this.#people = new PeopleList(actions, ways.choose);
    byId("people-list").append(this.#people.node);
    this.#views = {
      people: { render: () => this.#renderPeople() },
      rooms: new RoomsView(desk, actions, ways.choose),
      bans: new BansView(desk, actions),
      reports: new ReportsView(desk, actions, ways.choose, ways.moreReports),
    };
    for (const tab of this.#tabs) tab.onclick = () => ways.look(tab.dataset.view);
    for (const field of this.#searches) field.oninput = () => ways.search(field.value);
    byId("tell-everybody").onclick = () => actions.broadcast();
    byId("more-people").onclick = ways.more;
  }

  /** Show the desk as it is now. */
  render(nowMs) {
    const { view } = this.#desk;
    for (const tab of this.#tabs) tab.ariaCurrent = tab.dataset.view === view ? "page" : "false";
    for (const part of document.querySelectorAll("main > section")) part.hidden = part.id !== `${view}-view`;
    this.#views[view].render();
    tick(nowMs);
  }

  /** The desk is empty. */
  clear() {
    for (const view of Object.values(this.#views)) view.render();
    this.turned();
  }

  /** Something else is looked at. */
  turned() {
    for (const field of this.#searches) field.value = "";
    byId("content").scrollTop = 0;
  }

  /** Show how the server is: null for well. */
  tell(problem) {
    const status = problem === null ? "live" : problem.kind;
    byId("status").dataset.status = status;
    say(byId("status"), problem === null ? "Up to date" : this.explain(problem));
    byId("content").classList.toggle("stale", status !== "live");
  }

  /** A problem in words. */
  explain({ kind, message, waitSeconds }) {
    const words = /[.!?]$/.test(message) ? message : `${message}.`;
    if (kind === "busy") return `${words} Trying again in ${Math.max(1, waitSeconds)} s.`;
    return kind === "unreachable" ? `${words} Trying again…` : words;
  }

  /** Say what was done. */
  announce(parts) {
    const notice = { key: ++this.#told, parts };
    this.#notices = [...this.#notices, notice].slice(-NOTICES);
    this.#renderNotices();
    setTimeout(() => this.#dismiss(notice.key), NOTICE_MS);
  }

  /** Show the desk, or with why not the form that asks for the key. */
  enter(isInside, why = "") {
    byId("welcome").hidden = isInside;
    byId("desk").hidden = !isInside;
    byId("key").value = "";
    this.farewell(why);
    if (isInside) byId("people-title").focus();
    else byId("key").focus();
  }

  /** Say why nobody is signed in. */
  farewell(why) {
    say(byId("farewell"), why);
    byId("farewell").hidden = why === "";
  }

  get #tabs() {
    return document.querySelectorAll("nav [data-view]");
  }

  get #searches() {
    return document.querySelectorAll("input[type=search]");
  }

  #renderPeople() {
    const { people, limit, search } = this.#desk;
    const { items, count } = people ?? { items: [], count: 0 };
    const found = search === "" ? "online" : "found";
    say(byId("people-count"), people === null ? "" : `${counted(count, "person", "people")} ${found}`);
    byId("people-none").hidden = people === null || count > 0;
    byId("more-people").hidden = count <= items.length || limit >= MOST;
    say(byId("people-rest"), count > items.length && limit >= MOST ? `The first ${MOST}. Search for others.` : "");
    this.#people.render(items);
  }

  #renderNotices() {
    arrange(byId("notices"), this.#notices, {
      key: ({ key }) => key,
      make: ({ key, parts }) => {
        const dismiss = () => this.#dismiss(key);
        const attributes = { className: "plain", onclick: dismiss, "aria-label": "Dismiss notice" };
        const text = element("span", {}, ...parts);
        return element("li", { className: "banner" }, text, element("button", attributes, "✕"));
      },
    });
  }

  #dismiss(key) {
    this.#notices = this.#notices.filter((one) => one.key !== key);
    this.#renderNotices();
  }
}
