/**
 * What users reported: the newest first, older ones on demand.
 */

import { arrange, byId, element } from "./dom.js";
import { buttons, who } from "./rows.js";
import { moment, quoted } from "./words.js";

export class ReportsView {
  #desk;
  #actions;
  #choose;

  /** `choose(room)` shows a room; `more()` asks for older reports. */
  constructor(desk, actions, choose, more) {
    this.#desk = desk;
    this.#actions = actions;
    this.#choose = choose;
    byId("more-reports").onclick = more;
  }

  render() {
    const { reports, moreReports } = this.#desk;
    byId("reports-none").hidden = reports === null || reports.length > 0;
    byId("more-reports").hidden = moreReports === null;
    arrange(byId("reports-list"), reports ?? [], { key: ({ id }) => id, make: (report) => this.#card(report) });
  }

  #card(report) {
    const { author, reporter, room, reason, at, text } = report;
    const when = element("time", { dateTime: at.toISOString() }, moment(at));
    const [open, mute, ban] = [
      () => this.#choose(room),
      () => this.#actions.mute(author, room),
      () => this.#actions.ban(author, room),
    ];
    const place = element("button", { className: "place", onclick: open }, room.name || room.id);
    const why = reason === "" ? element("span", { className: "quiet" }, "gave no reason") : quoted(reason);
    return element(
      "li",
      { className: "report" },
      who(author, element("p", { className: "remark" }, "said in ", place, " · reported ", when)),
      element("blockquote", {}, text),
      element("p", { className: "why" }, element("span", { className: "quiet" }, quoted(reporter.name), ": "), why),
      buttons(author.name, ["Mute", mute], ["Ban", ban]),
    );
  }
}
