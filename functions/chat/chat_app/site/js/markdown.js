// Markdown to elements, block by block.

import { Marked, Tokenizer } from "../vendor/marked/marked.esm.js";
import { el } from "./dom.js";
import { harmless } from "./harmless.js";
import { colour } from "./highlight.js";
import { t } from "./text.js";

const MOST_CHARACTERS = 200_000;
/** Quotes and lists in each other, deeper than anybody writes to be read: the parser would go as deep. */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))){24}/m;
/** Chinese text and punctuation, where an address that stands in a sentence ends. */
const END_OF_ADDRESS = /[\s<　-〿一-鿿＀-￯]/;
const PLAIN_TAGS = /&lt;(\/?(?:b|br|del|details|em|i|ins|kbd|mark|s|strong|sub|summary|sup|u) ?\/?)&gt;/gi;

const escaped = (text) =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // A few tags without attributes do what they say; every other tag is shown as it was written.
    html({ text, block }) {
      const shown = escaped(text).replace(PLAIN_TAGS, "<$1>");
      return block && shown.startsWith("&lt;") ? `<p>${shown.trim().replace(/\n/g, "<br>")}</p>` : shown;
    },
    // The page has headings of its own above these.
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + 2);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    code({ text, lang }) {
      const language = /^[\w+#.-]{1,20}/.exec(lang ?? "")?.[0] ?? "";
      return `<pre><code class="language-${escaped(language)}">${escaped(text)}</code></pre>`;
    },
  },
  tokenizer: {
    url(source) {
      const end = source.search(END_OF_ADDRESS);
      return Tokenizer.prototype.url.call(this, end < 0 ? source : source.slice(0, end));
    },
  },
  extensions: [
    {
      // CommonMark does not see the end of **重点：**下文, since no space follows. Models write it all the time.
      name: "strong",
      level: "inline",
      start: (source) => source.indexOf("**"),
      tokenizer(source) {
        const match = /^\*\*(?![\s*])((?:[^*`\n\\]|\\.|`[^`\n]+`)*?[^\s*\\])\*\*(?!\*)/.exec(source);
        if (!match) return undefined;
        return { type: "strong", raw: match[0], text: match[1], tokens: this.lexer.inlineTokens(match[1]) };
      },
    },
  ],
});

/**
 * Return the blocks of a text, [{ raw, … }]. Their `raw` put together is the text; the last two may change when
 * more text follows. A text that is no use as Markdown is one block of plain text.
 */
export function blocksOf(text) {
  if (text.length > MOST_CHARACTERS || TOO_DEEP.test(text)) return [plain(text)];
  try {
    return marked.lexer(text);
  } catch {
    return [plain(text)];
  }
}

const plain = (text) => ({ type: "plain", raw: text });

/** Return a document fragment that shows the blocks. */
export function fragmentOf(blocks) {
  if (blocks[0]?.type === "plain") {
    const fragment = document.createDocumentFragment();
    fragment.append(el("p", { className: "plain" }, blocks[0].raw));
    return fragment;
  }
  const fragment = harmless(marked.parser(blocks));
  for (const table of fragment.querySelectorAll("table")) {
    const frame = el("div", { className: "table", tabIndex: 0, role: "region", aria: { label: t("表格，可左右滚动") } });
    table.replaceWith(frame);
    frame.append(table);
  }
  for (const pre of fragment.querySelectorAll("pre")) frameCode(pre);
  for (const checkbox of fragment.querySelectorAll("input")) {
    checkbox.setAttribute("aria-label", checkbox.checked ? t("已完成") : t("未完成"));
    checkbox.closest("li")?.classList.add("task");
  }
  return fragment;
}

/** Put code into a frame that says its language and copies it. */
function frameCode(pre) {
  const code = pre.querySelector("code");
  const language = code.className.replace("language-", "");
  code.removeAttribute("class");
  code.dataset.language = language;
  pre.tabIndex = 0;
  colour(code);
  const copy = el("button", { type: "button", className: "copy-code" }, t("复制"));
  const frame = el("figure", { className: "code" }, el("figcaption", {}, el("span", {}, language || t("代码")), copy));
  pre.replaceWith(frame);
  frame.append(pre);
}
