/**
 * What who keeps a room can do with it: give it another name, and remove it, which asks once more.
 */

import { byId } from "./dom.js";
import { NameForm } from "./naming.js";

export class Manage {
  #lobby;
  #removed;
  #dialog = byId("manage-room");
  #room = null;
  #naming;

  /** `removed()` is called when the user has removed the room. */
  constructor(lobby, removed) {
    this.#lobby = lobby;
    this.#removed = removed;
    this.#naming = new NameForm({
      label: "Name",
      verb: "Rename",
      act: (name) => lobby.rename(this.#room, name),
      done: () => this.#dialog.close(),
      cancelled: () => this.#dialog.close(),
    });
    byId("renaming").append(this.#naming.node);
    byId("remove").onclick = () => this.#ask(true);
    byId("keep").onclick = () => this.#ask(false);
    byId("really-remove").onclick = () => this.#remove();
  }

  /** Ask what is to be done with the room. */
  open(room) {
    this.#room = room;
    this.#dialog.showModal();
    this.#ask(false);
    this.#naming.begin(room.name);
  }

  /** Show whether anything can be done with the room that is shown. */
  render(room) {
    byId("manage").hidden = !room?.isManageable;
    if (this.#dialog.open && (room !== this.#room || !room.isManageable)) this.#dialog.close();
    if (room !== null) byId("manage-title").textContent = byId("removed-name").textContent = room.name;
  }

  /** Ask whether the room is really to be removed, or not any more. */
  #ask(isAsking) {
    byId("renaming").hidden = isAsking;
    byId("remove").hidden = isAsking;
    byId("removing").hidden = !isAsking;
    this.#complain("");
    byId(isAsking ? "keep" : "remove").focus();
  }

  async #remove() {
    this.#complain("");
    const problem = await this.#lobby.remove(this.#room);
    if (problem !== null) {
      this.#complain(problem);
      return;
    }
    this.#dialog.close();
    this.#removed();
  }

  #complain(problem) {
    byId("removal-problem").textContent = problem;
    byId("removal-problem").hidden = problem === "";
  }
}
