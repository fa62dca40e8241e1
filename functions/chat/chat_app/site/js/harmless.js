// The one way from HTML text to elements: only what cannot do anything is left.

import "../vendor/dompurify/purify.min.js";

const PURIFY = {
  RETURN_DOM_FRAGMENT: true,
  ALLOWED_TAGS: [
    "a", "b", "blockquote", "br", "code", "dd", "del", "details", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
    "input", "ins", "kbd", "li", "mark", "ol", "p", "pre", "s", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th",
    "thead", "tr", "u", "ul", "#text",
  ],
  ALLOWED_ATTR: ["href", "title", "src", "alt", "align", "start", "type", "checked", "disabled", "class"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};
const LINK = /^(https?:\/\/|mailto:|tel:)/i;
const PICTURE = /^(https:\/\/|data:image\/(png|jpeg|gif|webp);base64,)/i;

const purify = window.DOMPurify;

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A") {
    if (LINK.test(node.getAttribute("href") ?? "")) {
      node.setAttribute("target", "_blank");
      node.setAttribute("rel", "noopener noreferrer");
    } else node.removeAttribute("href");
  }
  if (node.nodeName === "IMG") {
    if (PICTURE.test(node.getAttribute("src") ?? "")) {
      node.setAttribute("loading", "lazy");
      node.setAttribute("referrerpolicy", "no-referrer");
    } else node.replaceWith(node.getAttribute("alt") ?? "");
  }
  if (node.nodeName === "INPUT") {
    node.setAttribute("type", "checkbox");
    node.setAttribute("disabled", "");
  }
});

/** Return a document fragment of the HTML, without anything that acts, loads from elsewhere or looks like the page. */
export function harmless(html) {
  return purify.sanitize(html, PURIFY);
}
