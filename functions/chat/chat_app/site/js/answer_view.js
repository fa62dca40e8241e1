// One answer on the page: its text, what state it is in, and what one can do with it.

import { copyButton } from "./clipboard.js";
import { el, icon, iconButton } from "./dom.js";
import { GrowingMarkdown } from "./streaming.js";
import { t } from "./text.js";

/** Ends that are nobody's fault. */
const FAULTLESS = ["over_limit", "too_long"];
/** Ends from which one goes on in another way than by trying the same again. */
const PASSING = ["access_required", "too_long"];

export class AnswerView {
  #message;
  #body = el("div", { className: "markdown" });
  #growing = new GrowingMarkdown(this.#body);
  #status = el("div", { className: "status" });
  #actions;
  #again;
  #onRetry;

  /** `onRetry()` is called when the visitor wants the answer anew; only the last answer offers that. */
  constructor(message, { isLast, onRetry }) {
    this.#message = message;
    this.#onRetry = isLast ? onRetry : null;
    this.#again = isLast ? iconButton("retry", t("重新回答"), onRetry) : null;
    this.#actions = el("div", { className: "actions" }, copyButton(() => message.content, t("复制回答")), this.#again);
    const heading = el("h2", { className: "visually-hidden" }, t("回答"));
    this.item = el("li", { className: "turn answer" }, heading, this.#body, this.#status, this.#actions);
  }

  /** Show the answer as it is now: `running` while it is being written, `slow` while nothing comes. */
  draw({ running, slow }) {
    const { content, state, error } = this.#message;
    this.#growing.show(content, !running);
    this.#body.classList.toggle("writing", running && state === "writing");
    this.item.setAttribute("aria-busy", String(running));
    this.#status.replaceChildren(...this.#statusOf(running, slow));
    this.#status.hidden = !this.#status.hasChildNodes();
    this.#actions.hidden = running || !content;
    if (this.#again) this.#again.hidden = state === "broken" && error.code !== "too_long";
  }

  #statusOf(running, slow) {
    const { state, error } = this.#message;
    if (running) {
      if (state === "writing" && !slow) return [];
      const dots = el("span", { className: "dots", aria: { hidden: "true" } }, el("i"), el("i"), el("i"));
      const words = slow ? t("还在思考，请再等一等…") : t("正在思考…");
      return [dots, el("span", { className: slow ? "" : "visually-hidden" }, words)];
    }
    if (state === "stopped") return [el("span", {}, t("已停止")), ...(this.#message.content ? [] : this.#retry())];
    if (state !== "broken") return [];
    const kind = FAULTLESS.includes(error.code) ? "status-text" : "status-text status-broken";
    return [el("span", { className: kind }, error.text), ...(PASSING.includes(error.code) ? [] : this.#retry())];
  }

  #retry() {
    if (!this.#onRetry) return [];
    return [el("button", { type: "button", className: "retry", onclick: this.#onRetry }, icon("retry"), t("重试"))];
  }
}
