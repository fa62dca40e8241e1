// One page in the list: what it looks like, and what can be done with it.

import { qrCode, remove } from "./api.js";
import { $, ask, copy, el, tell } from "./dom.js";
import { t } from "./text.js";

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const SAID = 1600; // milliseconds that a button says that it has copied

/** Return a page's entry. */
export function card(page) {
  const title = page.title || page.name;
  const entry = el("li", { className: "page" });
  const open = { href: page.url, target: "_blank", rel: "noopener noreferrer" };
  if (page.name.endsWith(".html")) entry.append(preview(page, title));
  entry.append(
    el(
      "div",
      { className: "about" },
      el("h2", {}, el("a", { ...open, textContent: title })),
      el("p", { className: "muted description", textContent: page.description }),
      el("p", { className: "muted", textContent: `${page.name} · ${size(page.size)} · ${day(page.updated)}` }),
    ),
    el(
      "div",
      { className: "actions" },
      el("a", { ...open, className: "quiet", textContent: t("打开") }),
      button("quiet", t("复制链接"), (self) => copyLink(self, page.url)),
      button("quiet", t("二维码"), () => attempt(() => showQr(page, title))),
      button("danger", t("删除"), () => attempt(() => removePage(page, title, entry))),
    ),
  );
  return entry;
}

function preview(page, title) {
  const frame = el("iframe", { loading: "lazy", title: t("{title} 的预览", { title }), tabIndex: -1 });
  // Nothing in it runs: it is only looked at.
  frame.setAttribute("sandbox", "");
  frame.referrerPolicy = "no-referrer";
  frame.src = page.url;
  return el("div", { className: "preview" }, frame);
}

function button(className, text, act) {
  const made = el("button", { type: "button", className, textContent: text });
  made.addEventListener("click", () => act(made));
  return made;
}

async function attempt(act) {
  tell($("problem"));
  try {
    await act();
  } catch (error) {
    tell($("problem"), error.message);
  }
}

async function copyLink(self, url) {
  const words = self.textContent;
  if (!(await copy(url)) || words === t("已复制")) return;
  self.textContent = t("已复制");
  setTimeout(() => (self.textContent = words), SAID);
}

async function showQr(page, title) {
  const image = $("qr-image");
  image.src = `data:image/svg+xml,${encodeURIComponent(await qrCode(page.name))}`;
  image.alt = page.url;
  $("qr-title").textContent = title;
  $("qr-address").textContent = page.url;
  $("qr-here").hidden = !LOOPBACK.test(new URL(page.url).hostname);
  $("qr").showModal();
}

async function removePage(page, title, entry) {
  if (!(await ask(t("删除「{title}」？链接会马上失效。", { title }), t("删除")))) return;
  await remove(page.name);
  // Whoever works with the keyboard stays where they are.
  const beside = entry.nextElementSibling ?? entry.previousElementSibling;
  entry.remove();
  (beside?.querySelector("h2 a") ?? $("files")).focus();
  $("none").hidden = $("pages").childElementCount > 0 || !$("more").hidden;
}

function size(bytes) {
  return bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const day = (seconds) => new Date(seconds * 1000).toLocaleDateString(undefined, { dateStyle: "medium" });
