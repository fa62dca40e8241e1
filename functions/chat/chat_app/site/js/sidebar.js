// The list of conversations: finding, opening, naming, deleting; on a phone it slides over the page.

import { close, open, toast } from "./dialogs.js";
import { $, el, iconButton } from "./dom.js";
import { t } from "./text.js";

const DAY = 86_400_000;
const narrow = matchMedia("(max-width: 839.98px)");

export class Sidebar {
  #conversations;
  #answers;
  #on;
  #shown = "";
  #chosen = null;

  /** `on` has select(id), fresh() and deleted(id). */
  constructor(conversations, answers, on) {
    this.#conversations = conversations;
    this.#answers = answers;
    this.#on = on;
    $("search").addEventListener("input", () => this.draw());
    $("open-sidebar").addEventListener("click", () => this.#slide(true));
    $("close-sidebar").addEventListener("click", () => this.#slide(false));
    $("scrim").addEventListener("click", () => this.#slide(false));
    narrow.addEventListener("change", () => this.#slide(false));
    for (const id of ["new-chat", "new-chat-top"]) $(id).addEventListener("click", () => this.#leaveFor(() => on.fresh()));
    $("conversation-dialog").querySelector("form").addEventListener("submit", (event) => this.#rename(event));
    $("delete-conversation").addEventListener("click", () => this.#delete());
    this.#slide(false);
  }

  /** Close the list if it lies over the page. Returns whether it did. */
  close() {
    const wasOpen = $("sidebar").classList.contains("open");
    this.#slide(false);
    return wasOpen;
  }

  /** Draw the list; `shown` is the id of the conversation on the page. */
  draw(shown = this.#shown) {
    this.#shown = shown;
    const words = $("search").value;
    const found = this.#conversations.search(words);
    const groups = new Map();
    for (const each of found) {
      const when = words.trim() ? "" : ageOf(each.conversation.updated);
      groups.set(when, [...(groups.get(when) ?? []), each]);
    }
    const lists = [...groups].map(([when, items]) =>
      el("section", {}, when ? el("h2", {}, when) : null, el("ul", {}, ...items.map((item) => this.#item(item)))),
    );
    const focused = document.activeElement?.dataset.conversation;
    const nothing = words.trim() ? t("没有找到") : t("还没有对话");
    $("conversations").replaceChildren(...(lists.length ? lists : [el("p", { className: "no-conversations" }, nothing)]));
    if (focused) $("conversations").querySelector(`[data-conversation="${focused}"]`)?.focus();
  }

  #item({ conversation, excerpt }) {
    const { id, title } = conversation;
    const current = id === this.#shown;
    const button = el(
      "button",
      { type: "button", className: "conversation", data: { conversation: id }, onclick: () => this.#leaveFor(() => this.#on.select(id)) },
      el("span", { className: "conversation-title" }, title),
      excerpt ? el("small", {}, excerpt) : null,
    );
    if (current) button.setAttribute("aria-current", "page");
    const more = iconButton("more", t("改名或删除「{title}」", { title }), () => this.#manage(conversation));
    const writing = this.#answers.running(id) && !current;
    return el("li", {}, button, writing ? el("span", { className: "writing-dot", title: t("正在回答") }) : null, more);
  }

  #manage(conversation) {
    this.#chosen = conversation;
    const field = $("conversation-dialog").querySelector("input");
    field.value = conversation.title;
    open("conversation-dialog");
    field.select();
  }

  #rename(event) {
    event.preventDefault();
    const title = new FormData(event.target).get("title").trim();
    if (!title) return;
    this.#chosen.title = title;
    this.#conversations.save(this.#chosen);
    close("conversation-dialog");
    this.draw();
  }

  #delete() {
    const conversation = this.#chosen;
    close("conversation-dialog");
    this.#answers.stop(conversation.id);
    this.#conversations.delete(conversation.id);
    this.#on.deleted(conversation.id);
    $("new-chat").focus();
    const undo = () => {
      this.#conversations.restore(conversation);
      this.draw();
    };
    toast(t("已删除「{title}」", { title: conversation.title }), { label: t("撤销"), act: undo });
  }

  #leaveFor(act) {
    this.#slide(false);
    act();
  }

  #slide(isOpen) {
    const wasOpen = $("sidebar").classList.contains("open");
    $("sidebar").classList.toggle("open", isOpen);
    $("scrim").hidden = !isOpen;
    $("main").inert = isOpen;
    $("open-sidebar").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) $("close-sidebar").focus();
    else if (wasOpen) $("open-sidebar").focus();
  }
}

function ageOf(time) {
  const today = new Date().setHours(0, 0, 0, 0);
  if (time >= today) return t("今天");
  if (time >= today - 6 * DAY) return t("最近七天");
  return t("更早");
}
