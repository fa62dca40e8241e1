// What the device keeps: localStorage, or the page's own memory where there is none (private mode, blocked).

const PREFIX = "chat/";

function usable() {
  try {
    localStorage.setItem(`${PREFIX}probe`, "1");
    localStorage.removeItem(`${PREFIX}probe`);
    return localStorage;
  } catch {
    return null;
  }
}

class Memory {
  #items = new Map();
  get length() { return this.#items.size; }
  key(index) { return [...this.#items.keys()][index]; }
  getItem(key) { return this.#items.get(key) ?? null; }
  setItem(key, value) { this.#items.set(key, value); }
  removeItem(key) { this.#items.delete(key); }
}

const kept = usable();
const items = kept ?? new Memory();

/** Whether what is stored outlives the page. */
export const lasting = kept !== null;

/** Return what is stored under a name, or null: nothing, or nothing that can be read. */
export function load(name) {
  try {
    return JSON.parse(items.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

/** Store a value. Returns false when there is no room. */
export function store(name, value) {
  try {
    items.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function remove(name) {
  items.removeItem(PREFIX + name);
}

/** Return the names that begin with `start`. */
export function names(start) {
  const found = [];
  for (let index = 0; index < items.length; index += 1) {
    const key = items.key(index);
    if (key.startsWith(PREFIX + start)) found.push(key.slice(PREFIX.length));
  }
  return found;
}

/** Call `onChange(name)` when another page of this site stores or removes something. */
export function watchOthers(onChange) {
  addEventListener("storage", ({ key, storageArea }) => {
    if (storageArea === kept && key?.startsWith(PREFIX)) onChange(key.slice(PREFIX.length));
  });
}
