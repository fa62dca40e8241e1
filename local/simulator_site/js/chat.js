// The conversation on the phone.

import { $, el } from "./dom.js";
import { bubbleFor } from "./bubbles.js";
import { summary } from "./delivery.js";

const QUIET_MINUTES = 5;
const END_SLACK = 80; // pixels from the end that still count as being there

/** The list of bubbles. `onSelect(key)` opens what a message went through, `onChoice(text, id)` sends a choice. */
export class Chat {
  constructor({ onSelect, onChoice }) {
    this.onSelect = onSelect;
    this.onChoice = onChoice;
    this.list = $("bubbles");
    this.view = $("conversation");
    this.toEnd = $("to-end");
    this.toEnd.addEventListener("click", () => this.scrollToEnd());
    this.view.addEventListener("scroll", () => {
      // Only the reader scrolls up; what grows below leaves the position as it is.
      if (this.atEnd()) {
        this.followsEnd = true;
        this.toEnd.hidden = true;
      } else if (this.view.scrollTop < this.lastTop) this.followsEnd = false;
      this.lastTop = this.view.scrollTop;
    });
    // The tray, the keyboard and pictures that load late change how much fits.
    const keepEnd = new ResizeObserver(() => this.followsEnd && this.scrollToEnd());
    keepEnd.observe(this.view);
    keepEnd.observe(this.list);
    this.clear();
  }

  clear() {
    this.list.replaceChildren();
    this.statuses = new Map();
    this.shown = new Set();
    this.lastAt = 0;
    this.followsEnd = true;
    this.lastTop = 0;
    this.toEnd.hidden = true;
    $("empty").hidden = false;
  }

  /** Add a message once; `names` are the account's and the follower's. */
  add(key, message, names) {
    if (this.shown.has(key)) return;
    this.shown.add(key);
    $("empty").hidden = true;
    const follow = this.followsEnd || message.via === "sent";
    if (message.at - this.lastAt > QUIET_MINUTES * 60) this.list.append(timeLine(message.at));
    this.lastAt = message.at;
    this.list.append(message.side === "notice" ? this.notice(key, message) : this.said(key, message, names));
    if (follow) this.scrollToEnd();
    else this.toEnd.hidden = false;
  }

  notice(key, message) {
    const kind = message.type === "fault" ? "notice fault" : "notice";
    const item = el("li", { className: kind }, el("span", { className: "notice-text" }, message.content.content));
    if (message.via === "sent") item.append(el("div", {}, this.statusButton(key)));
    return item;
  }

  said(key, message, names) {
    const mine = message.side === "follower";
    const name = mine ? names.follower : names.account;
    const column = el("div", { className: "column" });
    if (message.via === "push") column.append(el("span", { className: "tag" }, "客服消息"));
    column.append(el("span", { className: "visually-hidden" }, mine ? "你：" : `${name}：`), bubbleFor(message, this.onChoice));
    if (mine) column.append(this.statusButton(key));
    const avatar = el("span", { className: mine ? "avatar avatar-person" : "avatar", aria: { hidden: "true" } }, initial(name));
    return el("li", { className: mine ? "said mine" : "said" }, avatar, column);
  }

  statusButton(key) {
    const button = el("button", { type: "button", className: "status", aria: { live: "off" }, onclick: () => this.onSelect(key) }, "投递中");
    this.statuses.set(key, button);
    return button;
  }

  /** Show under a message how its delivery stands. */
  showStatus(key, delivery) {
    const button = this.statuses.get(key);
    if (!button) return;
    const { text, state } = summary(delivery);
    button.textContent = text;
    button.title = "看看这条消息经历了什么";
    button.classList.toggle("running", state === "running");
    button.classList.toggle("failed", state === "failed");
  }

  select(key) {
    for (const [other, button] of this.statuses) button.setAttribute("aria-pressed", other === key);
  }

  atEnd() {
    return this.view.scrollHeight - this.view.scrollTop - this.view.clientHeight < END_SLACK;
  }

  scrollToEnd() {
    this.followsEnd = true;
    this.view.scrollTop = this.view.scrollHeight;
    this.toEnd.hidden = true;
  }
}

export const initial = (name) => [...name][0] ?? "";

function timeLine(at) {
  const date = new Date(at * 1000);
  const time = date.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
  return el("li", { className: "time" }, el("time", { dateTime: date.toISOString() }, time));
}
