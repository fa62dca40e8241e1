// An answer on the page while it grows: blocks that are complete stay as they are, the last ones are changed in
// place, node by node, so that nothing flickers and a selection survives.

import { blocksOf, fragmentOf } from "./markdown.js";
import { presentable } from "./unfinished.js";

const OPEN_BLOCKS = 2; // the last ones that more text can still change

export class GrowingMarkdown {
  #root;
  #settled = "";
  #settledNodes = 0;

  constructor(root) {
    this.#root = root;
  }

  /** Show a text. While it grows, it begins with the text shown before; when it is finished, all is read anew. */
  show(text, finished) {
    const source = text.replace(/\r\n?/g, "\n");
    if (finished || !source.startsWith(this.#settled)) {
      this.#settled = "";
      this.#settledNodes = 0;
    }
    const rest = source.slice(this.#settled.length);
    const blocks = blocksOf(finished ? rest : presentable(rest));
    const open = finished ? 0 : openFrom(blocks);
    const complete = fragmentOf(blocks.slice(0, open));
    const completeNodes = complete.childNodes.length;
    complete.append(fragmentOf(blocks.slice(open)));
    become(this.#root, complete, this.#settledNodes);

    const raw = blocks.slice(0, open).map((block) => block.raw).join("");
    if (!rest.startsWith(raw)) return;
    this.#settled += raw;
    this.#settledNodes += completeNodes;
  }
}

/** The index of the first block that may still change. */
function openFrom(blocks) {
  let open = 0;
  for (let index = blocks.length - 1; index >= 0; index -= 1) {
    if (blocks[index].type !== "space") open += 1;
    if (open === OPEN_BLOCKS) return index;
  }
  return 0;
}

/** Make the children of `target`, from an index on, what the children of `source` are. */
function become(target, source, from) {
  const wanted = [...source.childNodes];
  wanted.forEach((next, index) => {
    const now = target.childNodes[from + index];
    if (!now) target.append(next);
    else if (now.isEqualNode(next)) return;
    else if (now.nodeType === Node.TEXT_NODE && next.nodeType === Node.TEXT_NODE) now.data = next.data;
    else if (now.nodeType === Node.ELEMENT_NODE && now.cloneNode(false).isEqualNode(next.cloneNode(false))) become(now, next, 0);
    else now.replaceWith(next);
  });
  while (target.childNodes.length > from + wanted.length) target.lastChild.remove();
}
