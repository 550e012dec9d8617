/**
 * Helpers for finding and building elements. Strings become text, never markup.
 */

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** A new element. Properties are set as they are, those with a dash as attributes. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * Make the children of `parent` those of `items`, in their order.
 *
 * A child whose key stays is kept and only updated, so that focus, selection and what was read aloud stay as they are.
 */
export function arrange(parent, items, { key, make, update }) {
  const former = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const children = items.map((item) => {
    const name = String(key(item));
    const child = former.get(name) ?? make(item);
    child.dataset.key = name;
    former.delete(name);
    update?.(child, item);
    return child;
  });
  for (const child of former.values()) child.remove();
  children.forEach((child, at) => {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  });
}
