/**
 * The names of users, as far as they were seen: some calls tell ids alone.
 */

const MOST = 5_000;
const SYSTEM = "0"; // who acts with a key

export class Names {
  #names = new Map();

  /** Somebody has this name. */
  learn({ id, name }) {
    this.#names.delete(id);
    this.#names.set(id, name);
    if (this.#names.size > MOST) this.#names.delete(this.#names.keys().next().value);
  }

  /** The name of a user, or else the id. */
  of(id) {
    return this.#names.get(id) ?? (id === SYSTEM ? "a backend" : id);
  }
}
