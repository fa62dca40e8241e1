// What the page says. Chinese texts stand where they are used; English ones stand in english.js, by the Chinese.

import { ENGLISH, ENGLISH_ERRORS } from "./english.js";

const chinese = (navigator.languages?.[0] || navigator.language || "zh").toLowerCase().startsWith("zh");

/** Return the text in the visitor's language; `{name}` becomes the value of that name. */
export function t(text, values = {}) {
  const said = chinese ? text : ENGLISH[text] || text;
  return said.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/** Return what the API said, which is Chinese, in the visitor's language: English by the API's word for it. */
export function saidByApi(text, code) {
  return chinese ? text : ENGLISH_ERRORS[code] || text;
}

/** Translate the elements under `root` that say by `data-t` what of them is text for people. */
function translate(root) {
  if (chinese) return;
  for (const element of root.querySelectorAll("[data-t]")) {
    for (const place of element.dataset.t.split(" ")) {
      if (place === "text") element.textContent = t(element.textContent);
      else element.setAttribute(place, t(element.getAttribute(place)));
    }
  }
}

/** Say in which language the page is, and translate what stands in its HTML. */
export function translatePage() {
  if (chinese) return;
  document.documentElement.lang = "en";
  translate(document);
  for (const template of document.querySelectorAll("template")) translate(template.content);
}
