// Where a code is needed to chat: it stands in place of the field for questions until the visitor is let in.

import { enterCode } from "./api.js";
import { $ } from "./dom.js";
import { t } from "./text.js";

export class Access {
  #onEnter;

  /** `onEnter()` is called when a code was right. */
  constructor(onEnter) {
    this.#onEnter = onEnter;
    $("gate").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#enter();
    });
  }

  /** Show or hide the gate. */
  set needed(needed) {
    $("gate").hidden = !needed;
    $("composer").hidden = needed;
  }

  get needed() {
    return !$("gate").hidden;
  }

  async #enter() {
    const button = $("gate").querySelector("button");
    button.disabled = true;
    try {
      await enterCode($("code").value.trim());
      $("code").value = "";
      this.#say("");
      this.needed = false;
      this.#onEnter();
    } catch (error) {
      this.#say(error.message);
      $("code").focus();
    }
    button.disabled = false;
  }

  #say(problem) {
    $("gate-error").textContent = problem;
    $("gate-error").hidden = !problem;
    $("code").setAttribute("aria-invalid", String(Boolean(problem)));
  }
}

/** How to come by a code, for an account of that name. */
export function howToGetACode(name) {
  return t("关注公众号「{name}」，给它发「验证码」，把收到的码填在这里。", { name });
}
