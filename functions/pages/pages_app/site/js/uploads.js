// Files that are dropped or chosen, one after the other.

import { upload } from "./api.js";
import { $, ask, el } from "./dom.js";
import { t } from "./text.js";

/** Take files from the drop zone and the file input; `done(page)` is told of each that is online. */
export function takeUploads(done) {
  const zone = $("drop");
  let inside = 0;
  const over = (change) => zone.classList.toggle("over", (inside += change) > 0);
  zone.addEventListener("dragenter", (event) => (event.preventDefault(), over(1)));
  zone.addEventListener("dragleave", () => over(-1));
  // A file that misses the zone must not replace the page.
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    over(-inside);
    if (!$("work").hidden) sendAll([...event.dataTransfer.files], done);
  });
  $("files").addEventListener("change", ({ target }) => {
    const files = [...target.files];
    target.value = "";
    sendAll(files, done);
  });
}

async function sendAll(files, done) {
  for (const file of files) await send(file, done);
}

async function send(file, done) {
  const line = el("li", {}, t("正在上传 {name}…", { name: file.name }));
  $("uploads").prepend(line);
  try {
    const page = await stored(file, false);
    line.replaceChildren(el("span", { textContent: t("已上传 {name}", { name: page.name }) }), link(page.url));
    done(page);
  } catch (error) {
    if (error === CANCELLED) return line.remove();
    line.className = "failed";
    line.textContent = t("{name}：{problem}", { name: file.name, problem: error.message });
  }
}

const CANCELLED = Symbol("cancelled");

async function stored(file, overwrite) {
  const name = nameFor(file.name);
  try {
    return await upload(name, file, overwrite);
  } catch (error) {
    if (error.code !== "name_taken") throw error;
    if (!(await ask(t("已经有 {name} 了，要覆盖它吗？", { name }), t("覆盖")))) throw CANCELLED;
    return stored(file, true);
  }
}

/** What a file on somebody's device may be called is more than a page may be: spaces and dots become dashes. */
function nameFor(name) {
  const [, stem, ending] = /^(.*?)\.([^.]*)$/s.exec(name) ?? [, name, "html"];
  const tidy = stem.normalize("NFC").replace(/[\s.()（）、，。]+/g, "-").replace(/^-+|-+$/g, "");
  return `${tidy}.${ending.toLowerCase() === "htm" ? "html" : ending}`;
}

function link(url) {
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", textContent: t("打开") });
}
