/**
 * A form that asks for the name of a room, and says next to the field why a name will not do.
 */

import { element } from "./dom.js";

let made = 0;

export class NameForm {
  #act;
  #done;
  #field = element("input", { required: true, autocomplete: "off", enterKeyHint: "done" });
  #problem = element("p", { className: "refusal", role: "alert", hidden: true });
  #submit;

  /**
   * `label` says what is asked for, `verb` is on the button. `act(name)` resolves with why not, or null; then `done()`
   * is called. `cancelled()` where the user thinks better of it.
   */
  constructor({ label, verb, act, done, cancelled }) {
    this.#act = act;
    this.#done = done;
    this.#field.id = `name-${++made}`;
    this.#problem.id = `${this.#field.id}-problem`;
    this.#field.setAttribute("aria-describedby", this.#problem.id);
    this.#submit = element("button", { className: "primary" }, verb);
    const cancel = element("button", { type: "button", className: "plain", onclick: cancelled }, "Cancel");
    const buttons = element("div", { className: "buttons" }, this.#submit, cancel);
    const caption = element("label", { htmlFor: this.#field.id }, label);
    this.node = element("form", { className: "naming" }, caption, this.#field, this.#problem, buttons);
    this.#listen(cancelled);
  }

  /** Begin, with this name to change. */
  begin(name = "") {
    this.#field.value = name;
    this.#complain("");
    this.#field.focus();
    this.#field.select();
  }

  #listen(cancelled) {
    this.#field.oninput = () => this.#complain("");
    this.node.onsubmit = (event) => {
      event.preventDefault();
      if (!this.#submit.disabled) this.#ask();
    };
    this.node.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      event.preventDefault();
      cancelled();
    };
  }

  async #ask() {
    this.#submit.disabled = true;
    try {
      const problem = await this.#act(this.#field.value);
      if (problem === null) this.#done();
      else this.#complain(problem);
    } finally {
      this.#submit.disabled = false;
    }
  }

  #complain(problem) {
    this.#problem.textContent = problem;
    this.#problem.hidden = problem === "";
    this.#field.ariaInvalid = String(problem !== "");
    if (problem !== "") this.#field.focus();
  }
}
