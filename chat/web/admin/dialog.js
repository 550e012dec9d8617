/**
 * The dialog that asks what an action needs, does it, and says why not where it was refused.
 */

import { byId, element } from "./dom.js";
import { placeLabel } from "./words.js";

const KINDS = { room: "Rooms", channel: "Channels", global: "Server" };

export class ActDialog {
  #done;
  #dialog = byId("act");
  #form = byId("act-form");
  #asked = null;
  #isSure = false;

  /** `done(sentence)` is called with what was done, or null where the key is refused. */
  constructor(done) {
    this.#done = done;
    byId("act-cancel").onclick = () => (this.#isSure ? this.#reconsider() : this.close());
    this.#form.oninput = () => this.#changed();
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      if (!byId("act-submit").disabled) this.#submit();
    };
    for (const preset of this.#presets) preset.onclick = () => this.#preset(preset.value);
  }

  /**
   * Ask. `what` has `title`, `text`, `verb`, `fields` (which of user, place, duration, reason, body), `places` to
   * choose from, `warn(values)` with what makes it worth asking once more, or null, and `act(values)`, which resolves
   * with a sentence or throws Problem.
   */
  open(what) {
    this.#asked = { text: [], places: [], warn: () => null, ...what };
    this.#form.reset();
    byId("act-title").replaceChildren(...what.title);
    byId("act-text").replaceChildren(...this.#asked.text);
    byId("act-text").hidden = this.#asked.text.length === 0;
    for (const field of this.#form.querySelectorAll("fieldset")) {
      field.disabled = field.hidden = !what.fields.includes(field.dataset.field);
    }
    byId("act-place").closest("fieldset").hidden ||= this.#asked.places.length === 1;
    byId("act-place").replaceChildren(...choices(this.#asked.places));
    this.#busy(false);
    this.#changed();
    this.#dialog.showModal();
    const first = this.#form.querySelector("fieldset:enabled:not([hidden]) :is(input, textarea, select)");
    (first ?? byId("act-submit")).focus();
  }

  close() {
    this.#dialog.close();
  }

  get #presets() {
    return this.#form.querySelectorAll(".presets button");
  }

  get #values() {
    const { user, place, duration, reason, body } = this.#form.elements;
    return {
      user: user.value.trim(),
      place: this.#asked.places[place.value],
      duration: duration.value,
      reason: reason.value.trim(),
      body: body.value,
    };
  }

  #preset(duration) {
    this.#form.elements.duration.value = duration;
    this.#changed();
  }

  #changed() {
    const { value } = this.#form.elements.duration;
    for (const preset of this.#presets) preset.ariaPressed = String(preset.value === value);
    this.#complain("");
    this.#sure(false);
  }

  #reconsider() {
    this.#sure(false);
    byId("act-submit").focus();
  }

  /** Ask once more, or not any more. */
  #sure(isSure, warning = "") {
    this.#isSure = isSure;
    byId("act-warning").textContent = warning;
    byId("act-warning").hidden = !isSure;
    byId("act-submit").textContent = isSure ? `Yes, ${this.#asked.verb.toLowerCase()}` : this.#asked.verb;
    byId("act-submit").className = isSure ? "danger" : "primary";
    byId("act-cancel").textContent = isSure ? "Back" : "Cancel";
  }

  async #submit() {
    const asked = this.#asked;
    const values = this.#values;
    const warning = asked.warn(values);
    if (warning !== null && !this.#isSure) {
      this.#sure(true, warning);
      byId("act-cancel").focus();
      return;
    }
    this.#busy(true);
    try {
      const sentence = await asked.act(values);
      if (asked === this.#asked) this.close();
      this.#done(sentence);
    } catch (problem) {
      if (problem.kind === undefined) throw problem;
      if (problem.kind === "key") this.#done(null, problem);
      else if (asked === this.#asked) this.#refused(problem);
    } finally {
      if (asked === this.#asked) this.#busy(false);
    }
  }

  #refused({ message, waitSeconds }) {
    this.#sure(false);
    const wait = waitSeconds > 0 ? ` Try again in ${waitSeconds} s.` : "";
    this.#complain(/[.!?]$/.test(message) ? message + wait : `${message}.${wait}`);
  }

  #complain(problem) {
    byId("act-problem").textContent = problem;
    byId("act-problem").hidden = problem === "";
  }

  #busy(isBusy) {
    byId("act-submit").disabled = isBusy;
    this.#form.ariaBusy = String(isBusy);
  }
}

/** Options for the places; where there are several, one has to be chosen. */
function choices(places) {
  const options = Object.entries(KINDS).flatMap(([kind, label]) => {
    const own = places.flatMap((place, at) => (place.kind === kind ? [option(place, at)] : []));
    return own.length === 0 ? [] : [element("optgroup", { label }, ...own)];
  });
  return places.length > 1 ? [element("option", { value: "" }, "Choose…"), ...options] : options;
}

function option(place, at) {
  return element("option", { value: String(at) }, placeLabel(place));
}
