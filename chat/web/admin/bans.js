/**
 * All bans in force: from the server, from channels, from rooms.
 */

import { SHOWN } from "./desk.js";
import { arrange, byId, element } from "./dom.js";
import { buttons, sanction, say, who } from "./rows.js";
import { counted, placeName } from "./words.js";

const SCOPES = { global: "From the whole server", channel: "From channels", room: "From rooms" };

export class BansView {
  #desk;
  #actions;

  constructor(desk, actions) {
    this.#desk = desk;
    this.#actions = actions;
    byId("ban-somebody").onclick = () => actions.ban();
  }

  render() {
    const bans = this.#desk.bans ?? [];
    const found = bans.filter((ban) => this.#isFound(ban));
    const shown = found.slice(0, SHOWN);
    say(byId("bans-count"), this.#desk.bans === null ? "" : `${counted(bans.length, "ban", "bans")} in force`);
    say(byId("bans-rest"), rest(found.length, bans.length));
    byId("bans-none").hidden = this.#desk.bans === null || bans.length > 0;
    const kinds = Map.groupBy(shown, ({ place }) => place.kind);
    arrange(byId("bans-list"), [...kinds.entries()], {
      key: ([kind]) => kind,
      make: ([kind]) => element("section", {}, element("h2", {}, SCOPES[kind]), element("ul", { className: "list" })),
      update: (section, [, some]) => this.#renderBans(section.lastChild, some),
    });
  }

  #isFound({ id, name, place }) {
    const wanted = this.#desk.search.toLowerCase();
    return [id, name, place.name].some((text) => text.toLowerCase().includes(wanted));
  }

  #renderBans(list, bans) {
    const { names } = this.#desk;
    arrange(list, bans, {
      key: (ban) => [ban.place.id, ban.id, ban.until.getTime(), names.of(ban.by), ban.name, ban.reason].join(" "),
      make: (ban) => {
        const from = element("p", { className: "remark" }, "from ", ...placeName(ban.place));
        const parts = [...(ban.place.kind === "global" ? [] : [from]), ...sanction(ban, names)];
        const unban = () => this.#actions.unban(ban, ban.place);
        return element("li", {}, who(ban, ...parts), buttons(ban.name, ["Unban", unban]));
      },
    });
  }
}

/** What is not shown. */
function rest(found, all) {
  if (found === 0 && all > 0) return "Nobody who is banned is called that.";
  return found > SHOWN ? `${SHOWN} of ${found.toLocaleString()}. Search for others.` : "";
}
