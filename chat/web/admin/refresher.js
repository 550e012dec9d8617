/**
 * Asks for what is shown every few seconds while somebody looks at it, and waits longer where that does not go well.
 */

import { Problem } from "./api.js";

const EVERY_MS = 4_000;
const SLOWEST_MS = 30_000;

export class Refresher {
  #load;
  #told;
  #turn = null;
  #timer = null;
  #failures = 0;
  #notBefore = 0;

  /** `load()` asks; `told(problem)` hears how that went, null for well. After a refused key nothing more is asked. */
  constructor(load, told) {
    this.#load = load;
    this.#told = told;
    document.addEventListener("visibilitychange", () => this.#turn && this.now());
  }

  start() {
    this.stop();
    this.#notBefore = 0;
    this.#turn = {};
    return this.now();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#turn = null;
    this.#failures = 0;
  }

  /** Ask at once, as far as the server lets us. */
  async now() {
    clearTimeout(this.#timer);
    const turn = (this.#turn = {});
    if (document.hidden) return;
    const waitMs = this.#notBefore - Date.now();
    if (waitMs > 0) this.#wait(waitMs);
    else this.#settle(turn, await this.#attempt());
  }

  async #attempt() {
    try {
      await this.#load();
      return null;
    } catch (problem) {
      if (problem instanceof Problem) return problem;
      throw problem;
    }
  }

  #settle(turn, problem) {
    if (turn !== this.#turn) return;
    if (problem?.kind === "key") this.stop();
    else this.#wait(this.#pause(problem));
    this.#told(problem);
  }

  #pause(problem) {
    if (problem === null || problem.kind === "refused") {
      this.#failures = 0;
      return EVERY_MS;
    }
    const longer = Math.min(1000 * 2 ** this.#failures++, SLOWEST_MS);
    const waitMs = Math.max(longer, problem.waitSeconds * 1000);
    if (problem.kind === "busy") this.#notBefore = Date.now() + waitMs;
    return waitMs;
  }

  #wait(waitMs) {
    this.#timer = setTimeout(() => this.now(), waitMs);
  }
}
