// Puts the page together: which conversation is shown, what the server says, what the keys do.

import { Access } from "./access.js";
import { showAccount } from "./account.js";
import { Answers } from "./answers.js";
import { getConfig } from "./api.js";
import { Composer } from "./composer.js";
import { Conversations } from "./conversations.js";
import { setUpDialogs } from "./dialogs.js";
import { $, el, icon } from "./dom.js";
import { Scrolling } from "./scrolling.js";
import { setUpSettings } from "./settings.js";
import { Sidebar } from "./sidebar.js";
import { lasting, load, store, watchOthers } from "./storage.js";
import { t, translatePage } from "./text.js";
import { Transcript } from "./transcript.js";
import { followKeyboard } from "./viewport.js";

const SHOWN = "chat/shown";
const ANNOUNCED_CHARACTERS = 1_500;
const CONFIG_AGAIN = 3_000; // milliseconds, more after each failure
const CONFIG_LONGEST = 30_000;

translatePage();
for (const place of document.querySelectorAll("[data-icon]")) place.append(icon(place.dataset.icon));

const conversations = new Conversations();
const answers = new Answers(conversations, onAnswer);
const scrolling = new Scrolling($("scroller"), $("to-end"));
const transcript = new Transcript($("transcript"), answers, {
  retry: () => {
    answers.retry(shown);
    focusField();
  },
  edit: (index, text) => {
    answers.askInstead(shown, index, text);
    focusField();
  },
  drawn: () => scrolling.follow(),
});
const composer = new Composer({ onSend: ask, onStop: stop });
const sidebar = new Sidebar(conversations, answers, {
  select: (id) => show(conversations.get(id)),
  fresh: () => show(null),
  deleted: (id) => (shown?.id === id ? show(null) : sidebar.draw()),
});
const access = new Access(() => {
  config.hasAccess = true;
  if (wanted() && !shown) openAnswer(wanted());
  else if (shown?.messages.at(-1)?.error?.code === "access_required") answers.retry(shown);
  composer.focus();
});

let config = load("config") ?? {};
let shown = null;

// --- what is shown

function show(conversation) {
  shown = conversation;
  remember(conversation?.id ?? "");
  if (conversation) answers.resume(conversation);
  $("opening").hidden = true;
  $("empty").hidden = conversation !== null;
  transcript.show(conversation);
  if (conversation) scrolling.toEnd();
  else scrolling.toStart();
  showState();
  focusField();
}

/** Go on from the field for questions; on a phone that would bring up the keyboard over what one reads. */
function focusField() {
  if (matchMedia("(pointer: fine)").matches) composer.focus();
}

function showState() {
  const name = config.accountName || t("AI 助手");
  document.title = shown ? `${shown.title} · ${name}` : name;
  composer.running = shown !== null && answers.running(shown.id);
  sidebar.draw(shown?.id ?? "");
}

/** Which conversation was shown, for the next reload of this tab. */
function remember(id) {
  try {
    sessionStorage.setItem(SHOWN, id);
  } catch {
    // Then a reload begins with a new conversation.
  }
}

function remembered() {
  try {
    return sessionStorage.getItem(SHOWN);
  } catch {
    return null;
  }
}

// --- questions and answers

function ask(question) {
  const isNew = shown === null;
  const conversation = shown ?? conversations.begin(question);
  shown = conversation;
  if (isNew) {
    remember(conversation.id);
    $("empty").hidden = true;
    $("opening").hidden = true;
  }
  answers.ask(conversation, question);
  scrolling.toEnd();
}

function stop() {
  if (shown) answers.stop(shown.id);
}

function onAnswer(conversation, what) {
  const last = conversation.messages.at(-1);
  if (last.error?.code === "access_required") needCode();
  if (conversation !== shown) {
    if (what !== "piece" && what !== "slow") sidebar.draw();
    return;
  }
  if (what === "messages") transcript.show(conversation);
  else transcript.update();
  if (what === "messages" || what === "end") showState();
  if (what === "slow") $("announcer").textContent = t("还在思考，请再等一等…");
  if (what === "end") announce(last);
}

/** Read a finished answer out once, rather than each piece of it. */
function announce({ content, state, error }) {
  const said = content.slice(0, ANNOUNCED_CHARACTERS);
  const how = { done: t("回答完毕。"), stopped: t("已停止"), broken: error?.text }[state];
  $("announcer").textContent = `${how} ${state === "done" ? said : ""}`;
}

/** The id of the account's answer that the page was opened for, as long as it stands in the address. */
function wanted() {
  return new URLSearchParams(location.search).get("answer");
}

/** Open an answer of the account. Its id stays in the address until it is kept on the device, or known to be gone. */
async function openAnswer(id) {
  show(conversations.withAnswer(id));
  if (!shown) {
    $("empty").hidden = true;
    sayOpening(t("正在打开回答…"));
    try {
      const conversation = await answers.open(id);
      if (shown === null) show(conversation);
    } catch (error) {
      const again = el("button", { type: "button", className: "retry", onclick: () => openAnswer(id) }, icon("retry"), t("重试"));
      const gone = error.status === 404;
      if (error.code === "access_required") needCode();
      sayOpening(error.message, { gone, action: gone ? null : again });
      $("empty").hidden = !gone;
      if (!gone) return;
    }
  }
  history.replaceState(null, "", location.pathname);
}

function sayOpening(words, { gone = false, action = null } = {}) {
  $("opening").replaceChildren(...[el("span", {}, words), action].filter(Boolean));
  $("opening").classList.toggle("gone", gone);
  $("opening").hidden = false;
}

// --- the server

let failures = 0;
async function readConfig() {
  try {
    config = await getConfig();
  } catch (error) {
    say(error.message);
    failures += 1;
    setTimeout(readConfig, Math.min(failures * CONFIG_AGAIN, CONFIG_LONGEST));
    return;
  }
  failures = 0;
  store("config", config);
  say("");
  useConfig();
  access.needed = config.access === "code" && !config.hasAccess;
}

function useConfig() {
  showAccount(config, ask);
  composer.most = config.maxMessage || 4_000;
  showState();
}

function needCode() {
  config.hasAccess = false;
  access.needed = true;
  $("code").focus();
}

let problem = "";
function say(words = problem) {
  problem = words;
  const text = navigator.onLine ? problem : t("网络断开了，连上后可以接着聊。");
  $("banner").textContent = text;
  $("banner").hidden = !text;
}
addEventListener("online", () => say());
addEventListener("offline", () => say());

// --- keys, other pages, the phone's keyboard

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.isComposing) return;
  if (event.key === "Escape" && !sidebar.close()) stop();
  const typing = event.target.closest?.("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    (access.needed ? $("code") : $("question")).focus();
  }
});

watchOthers((name) => {
  const id = name.slice("conversation/".length);
  if (!name.startsWith("conversation/") || answers.running(id)) return;
  conversations.reread(name);
  if (shown?.id === id) {
    shown = conversations.get(id);
    // What a page saves as it goes can be heard of by the page that takes its place.
    if (shown?.messages.at(-1)?.state === "left") answers.resume(shown);
    $("empty").hidden = shown !== null;
    transcript.show(shown);
    showState();
  } else sidebar.draw();
});

for (const input of $("theme").querySelectorAll("input")) {
  input.checked = input.value === window.chatTheme.chosen;
  input.addEventListener("change", () => window.chatTheme.choose(input.value));
}

// Brought back by the browser's back button as it was left: what was being written then has stopped.
addEventListener("pageshow", ({ persisted }) => persisted && show(shown));

setUpDialogs();
setUpSettings({ isClosed: () => config.settings === "closed", onSaved: readConfig });
followKeyboard($("app"), () => scrolling.follow());
$("not-kept").hidden = lasting;

useConfig();
say();
readConfig();

if (wanted()) openAnswer(wanted());
else show(conversations.get(remembered()));
