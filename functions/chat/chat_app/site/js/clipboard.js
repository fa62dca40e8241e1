// Copying, also where the browser has no clipboard for pages: WeChat's on some phones, plain http.

import { el, icon, iconButton } from "./dom.js";
import { t } from "./text.js";

const SAID = 1_600; // milliseconds that a button says that it has copied

/** Copy a text. Resolves to whether it worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const area = el("textarea", { value: text, readOnly: true, className: "visually-hidden", aria: { hidden: "true" } });
  // Outside an open dialog nothing can be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  area.setSelectionRange(0, text.length);
  const copied = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return copied;
}

/** Return a button with an icon that copies what `text()` gives. */
export function copyButton(text, label) {
  const button = iconButton("copy", label, async () => {
    if (!(await copy(text()))) return;
    button.replaceChildren(icon("done"));
    button.setAttribute("aria-label", t("已复制"));
    setTimeout(() => {
      button.replaceChildren(icon("copy"));
      button.setAttribute("aria-label", label);
    }, SAID);
  });
  return button;
}

/** Copy for a button that says what it does in words. */
export async function copyFor(button, text) {
  const words = button.textContent;
  if (!(await copy(text)) || words === t("已复制")) return;
  button.textContent = t("已复制");
  setTimeout(() => (button.textContent = words), SAID);
}
