/**
 * The field to write in.
 */

import { byId } from "./dom.js";

export class Composer {
  #chat;
  #sender;
  #said;

  /** `said(room)` is called when something was said there. */
  constructor(chat, sender, said) {
    this.#chat = chat;
    this.#sender = sender;
    this.#said = said;
    this.#listen();
  }

  /** Another room is shown: what was begun there goes on. */
  show(room) {
    this.#complain("");
    if (room !== null) byId("body").value = room.draft;
  }

  /** Show whether one may write in the room. In one that is no more nobody does. */
  render({ open, ended }) {
    const form = byId("composer");
    if (ended && form.contains(document.activeElement)) byId("close").focus();
    form.hidden = ended;
    byId("body").readOnly = !open;
  }

  #listen() {
    const field = byId("body");
    byId("composer").onsubmit = (event) => {
      event.preventDefault();
      this.#say(field.value);
    };
    field.oninput = () => {
      this.#chat.selected.draft = field.value;
      this.#complain("");
    };
    field.onkeydown = (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#say(field.value);
    };
  }

  #say(body) {
    const room = this.#chat.selected;
    if (body.trim() === "" || !room.open) return;
    const problem = this.#sender.say(room, body);
    this.#complain(problem ?? "");
    if (problem !== null) return;
    byId("body").value = room.draft = "";
    this.#said(room);
  }

  #complain(problem) {
    byId("problem").textContent = problem;
    byId("problem").hidden = problem === "";
  }
}
