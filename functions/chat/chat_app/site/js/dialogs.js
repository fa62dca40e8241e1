// Dialogs: opened over the page, closed by their button, by Escape and by a click beside them. The browser keeps
// the focus inside, and gives it back.

import { $, el } from "./dom.js";

/** Open a dialog. */
export function open(id) {
  const dialog = $(id);
  if (!dialog.open) dialog.showModal();
}

export function close(id) {
  $(id).close();
}

/** Make the dialogs of the page close as people expect. */
export function setUpDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", ({ target }) => {
      if (target === dialog || target.closest("[data-close]")) dialog.close();
    });
  }
}

let hiding = 0;
const SHOWN = 6_000; // milliseconds

/** Say something in passing; with `undo`, { label, act }, something that can be taken back. */
export function toast(words, undo) {
  const place = $("toast");
  clearTimeout(hiding);
  const parts = [el("span", {}, words)];
  if (undo) {
    const act = () => {
      place.hidden = true;
      undo.act();
    };
    parts.push(el("button", { type: "button", onclick: act }, undo.label));
  }
  place.hidden = false;
  place.replaceChildren(...parts);
  hiding = setTimeout(() => (place.hidden = true), SHOWN);
}
