// The page manager: the way in, the list, the uploads.

import { list, usePassword } from "./api.js";
import { card } from "./cards.js";
import { $, tell } from "./dom.js";
import { translate } from "./text.js";
import { takeUploads } from "./uploads.js";

const KEY = "manage/password"; // for as long as this tab is open

let kind = "page";
let next = "";
let asked = 0;

translate();
takeUploads((page) => show(page.name.endsWith(".html") ? "page" : "file"));

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  enter($("password").value);
});
$("leave").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  location.reload();
});
$("kinds").addEventListener("click", ({ target }) => target.dataset.kind && show(target.dataset.kind));
$("more").addEventListener("click", () => fill(next));

const remembered = sessionStorage.getItem(KEY);
if (remembered) enter(remembered);

async function enter(password) {
  tell($("enter-problem"));
  usePassword(password);
  try {
    // The files are the owner's alone: an answer means that the password is right.
    await list("file");
  } catch (error) {
    if (error.status === 401) sessionStorage.removeItem(KEY);
    return tell($("enter-problem"), error.message);
  }
  sessionStorage.setItem(KEY, password);
  $("enter").hidden = true;
  $("work").hidden = $("leave").hidden = false;
  await show("page");
}

async function show(chosen) {
  kind = chosen;
  for (const choice of $("kinds").children) choice.setAttribute("aria-pressed", String(choice.dataset.kind === kind));
  await fill("");
}

async function fill(cursor) {
  const mine = ++asked;
  tell($("problem"));
  $("more").disabled = true;
  try {
    const found = await list(kind, cursor);
    if (mine !== asked) return; // another list has been asked for since
    const entries = found.pages.map(card);
    if (cursor) $("pages").append(...entries);
    else $("pages").replaceChildren(...entries);
    next = found.next ?? "";
    $("more").hidden = !next;
    $("none").hidden = $("pages").childElementCount > 0;
    if (cursor) entries[0]?.querySelector("h2 a").focus();
  } catch (error) {
    if (mine === asked) tell($("problem"), error.message);
  } finally {
    $("more").disabled = false;
  }
}
