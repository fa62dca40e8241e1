// The messages of the conversation that is shown.

import { AnswerView } from "./answer_view.js";
import { copyButton, copyFor } from "./clipboard.js";
import { el, iconButton } from "./dom.js";
import { t } from "./text.js";
import { grow, isSending } from "./typing.js";

const CHEAP = 12; // milliseconds; drawing that takes longer pauses, so that the page stays quick to the touch
const PAUSE = 4; // times what the drawing took

export class Transcript {
  #list;
  #answers;
  #on;
  #conversation = null;
  #last = null;
  #changed = false;
  #scheduled = false;

  /** `on` has retry(), edit(index, text) and drawn(), which is called after each change on the page. */
  constructor(list, answers, on) {
    this.#list = list;
    this.#answers = answers;
    this.#on = on;
    list.addEventListener("click", ({ target }) => {
      const button = target.closest(".copy-code");
      if (button) copyFor(button, button.closest("figure").querySelector("code").textContent);
    });
  }

  /** Show a conversation, or none. */
  show(conversation) {
    this.#conversation = conversation;
    this.#last = null;
    const messages = conversation?.messages ?? [];
    const items = messages.map((message, index) => {
      if (message.role === "user") return this.#question(message, index);
      const isLast = index === messages.length - 1;
      const view = new AnswerView(message, { isLast, onRetry: this.#on.retry });
      if (isLast) this.#last = view;
      else view.draw({ running: false, slow: false });
      return view.item;
    });
    this.#list.replaceChildren(...items);
    this.#draw();
  }

  /** The last answer has changed: it is drawn with the next frame, at most once in a frame. */
  update() {
    this.#changed = true;
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#changed = false;
      const began = performance.now();
      this.#draw();
      const took = performance.now() - began;
      setTimeout(() => {
        this.#scheduled = false;
        if (this.#changed) this.update();
      }, took > CHEAP ? took * PAUSE : 0);
    });
  }

  #draw() {
    const id = this.#conversation?.id;
    this.#last?.draw({ running: this.#answers.running(id), slow: this.#answers.slow(id) });
    this.#on.drawn();
  }

  #question(message, index) {
    const bubble = el("div", { className: "bubble" }, message.content);
    const edit = iconButton("edit", t("修改"), () => this.#edit(item, message.content, index));
    const actions = el("div", { className: "actions" }, edit, copyButton(() => message.content, t("复制问题")));
    const item = el("li", { className: "turn question" }, el("h2", { className: "visually-hidden" }, t("你的问题")), bubble, actions);
    return item;
  }

  #edit(item, content, index) {
    const field = el("textarea", { className: "edit-field", value: content, rows: 1, aria: { label: t("修改问题") } });
    const back = () => {
      form.replaceWith(item);
      item.querySelector("button").focus();
    };
    const send = () => field.value.trim() && this.#on.edit(index, field.value.trim());
    const form = el(
      "li",
      { className: "turn question" },
      el("div", { className: "edit" }, field, el("div", { className: "buttons" },
        el("button", { type: "button", className: "quiet", onclick: back }, t("取消")),
        el("button", { type: "button", className: "primary", onclick: send }, t("发送")))),
    );
    field.addEventListener("input", () => grow(field));
    field.addEventListener("keydown", (event) => {
      if (isSending(event)) {
        event.preventDefault();
        send();
      } else if (event.key === "Escape") {
        event.stopPropagation();
        back();
      }
    });
    item.replaceWith(form);
    grow(field);
    field.focus();
  }
}
