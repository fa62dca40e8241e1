// What of a text that is still being written can be shown as what it is going to be.
//
// Half of a mark would be shown as itself, or as something else, and jump a moment later: two stars before what
// will be bold, a dash that makes a heading of the line above, the first line of a table.

/** A line of which nothing stands yet but what begins a list, a task, a quote, a heading, a line or a fence. */
const ONLY_MARKS = /(^|\n)[-+*=#>`~|:_.)[\]x\d \t]+$/;
/** A row of a table: shown when it is whole, the first one together with the line below it. */
const UNFINISHED_ROW = /(^|\n)(?![|:\- \t]+\n)[ \t]*\|[^\n]*(\n[|:\- \t]*)?$/;
const FENCE = /^[ \t]*(`{3,}|~{3,})/gm;

/** Return the text without what is only begun, and with an end to what is open. */
export function presentable(text) {
  const isInFence = (text.match(FENCE) ?? []).length % 2 === 1;
  if (isInFence) return text.replace(/\n[ \t]*`{1,2}$/, "\n");
  const shown = text.replace(UNFINISHED_ROW, "$1").replace(ONLY_MARKS, "$1");
  const start = shown.lastIndexOf("\n") + 1;
  return shown.slice(0, start) + closed(shown.slice(start));
}

/** Close what is open in a line: strong text, struck text, code; of a link, show its words. */
function closed(line) {
  const open = line
    .replace(/[*_~`]+$/, "")
    .replace(/(!?)\[([^\]]*)\]\([^)]*$/, (_link, isPicture, words) => (isPicture ? "" : words));
  const withoutCode = open.replace(/`[^`]*`/g, "");
  if (withoutCode.includes("`")) return `${open}\``;
  const isOpen = (mark) => withoutCode.split(mark).length % 2 === 0;
  return open + ["**", "~~"].filter(isOpen).join("");
}
