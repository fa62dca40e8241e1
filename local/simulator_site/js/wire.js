// XML and JSON as they travelled, made readable. Never through innerHTML: it is other people's text.

import { el } from "./dom.js";

/** Return a fragment with the text laid out and coloured; text that is neither XML nor JSON stays as it is. */
export function laidOut(text) {
  const fragment = document.createDocumentFragment();
  if (text.trimStart().startsWith("{")) fragment.append(json(text));
  else {
    const root = text.trimStart().startsWith("<") && parsed(text);
    if (root) xml(root, 0, fragment);
    else fragment.append(text);
  }
  return fragment;
}

function parsed(text) {
  const xmlDocument = new DOMParser().parseFromString(text, "application/xml");
  return xmlDocument.querySelector("parsererror") ? null : xmlDocument.documentElement;
}

const tag = (text) => el("span", { className: "x-tag" }, text);
const mark = (text) => el("span", { className: "x-mark" }, text);

function xml(element, depth, out) {
  const indent = "  ".repeat(depth);
  out.append(indent, tag(`<${element.nodeName}>`));
  if (element.children.length) {
    out.append("\n");
    for (const child of element.children) xml(child, depth + 1, out);
    out.append(indent);
  } else {
    for (const node of element.childNodes) {
      if (node.nodeType === Node.CDATA_SECTION_NODE) out.append(mark("<![CDATA["), node.data, mark("]]>"));
      else if (node.nodeType === Node.TEXT_NODE) out.append(node.data);
    }
  }
  out.append(tag(`</${element.nodeName}>`), "\n");
}

/** JSON laid out from its own text: parsing it would round the 64-bit MsgId. */
function json(text) {
  let depth = 0;
  return text.replace(/("(?:[^"\\]|\\.)*")|([{[])\s*|\s*([}\]])|(,)\s*|\s+/g, (all, string, open, close, comma) => {
    if (string) return string;
    if (open) return `${open}\n${"  ".repeat(++depth)}`;
    if (close) return `\n${"  ".repeat((depth = Math.max(0, depth - 1)))}${close}`;
    return comma ? `,\n${"  ".repeat(depth)}` : " ";
  });
}
