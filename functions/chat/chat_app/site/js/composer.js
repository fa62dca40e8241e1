// Where the question is typed.

import { $ } from "./dom.js";
import { t } from "./text.js";
import { grow, isSending } from "./typing.js";

const DRAFT = "chat/draft";
const NEARLY_FULL = 0.8;

export class Composer {
  #field = $("question");
  #most = 4_000;
  #running = false;
  #onSend;

  constructor({ onSend, onStop }) {
    this.#onSend = onSend;
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    $("stop").addEventListener("click", onStop);
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("keydown", (event) => {
      if (!isSending(event)) return;
      event.preventDefault();
      this.#send();
    });
    this.#field.value = draft() ?? "";
    this.#changed();
  }

  /** The most characters that a question may have. */
  set most(characters) {
    this.#most = characters;
    this.#changed();
  }

  /** While an answer is being written, one can type the next question, and stop instead of send. */
  set running(running) {
    // The button that is pressed goes away; whoever has a keyboard goes on from the field.
    const stopped = !running && document.activeElement === $("stop") && matchMedia("(pointer: fine)").matches;
    this.#running = running;
    $("send").hidden = running;
    $("stop").hidden = !running;
    if (stopped) this.focus();
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  #send() {
    const text = this.#field.value.trim();
    if (!text || text.length > this.#most || this.#running) return;
    this.#field.value = "";
    this.#changed();
    // A phone's keyboard would cover the answer.
    if (matchMedia("(pointer: coarse)").matches) this.#field.blur();
    this.#onSend(text);
  }

  #changed() {
    const { length } = this.#field.value.trim();
    grow(this.#field);
    $("send").disabled = !length || length > this.#most;
    $("counter").hidden = length < this.#most * NEARLY_FULL;
    $("counter").textContent = length > this.#most ? t("多了 {n} 字", { n: length - this.#most }) : `${length}/${this.#most}`;
    $("counter").classList.toggle("over", length > this.#most);
    draft(this.#field.value);
  }
}

/** Keep what is typed through a reload, or give it back. */
function draft(text) {
  try {
    if (text === undefined) return sessionStorage.getItem(DRAFT);
    sessionStorage.setItem(DRAFT, text);
  } catch {
    // Where nothing is kept, a reload begins with an empty field.
  }
  return null;
}
