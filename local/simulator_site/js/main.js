// Puts the page together: who the follower is, what the server says, and the settings.

import { $, el, icon } from "./dom.js";
import { post, watch } from "./api.js";
import { Chat, initial } from "./chat.js";
import { ask, Composer } from "./composer.js";
import { Story } from "./delivery.js";

const DEFAULT_NAMES = ["小明", "阿青", "老周"];
const REMEMBERED = "simulator-follower";
const NEW = "\n";

const state = { name: "", openid: "", run: "", offset: 0, settings: null, followers: new Map(), titles: new Map(), deliveries: new Map(), selected: "" };
let stopWatching = () => {};

const story = new Story();
const composer = new Composer({ send });
const chat = new Chat({
  onSelect: (key) => {
    select(key);
    openPanel();
  },
  onChoice: (content, menuId) => composer.send({ type: "text", content, menu_id: menuId }),
});

function send(fields) {
  return post("messages", { follower: state.name, ...fields });
}

// --- who the follower is

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) || DEFAULT_NAMES[0];
  } catch {
    return DEFAULT_NAMES[0];
  }
}

async function become(name) {
  stopWatching();
  state.name = name;
  try {
    localStorage.setItem(REMEMBERED, name);
  } catch {
    // A browser that keeps nothing still works; it only begins with the default follower.
  }
  $("person-avatar").textContent = initial(name);
  showNames();
  forget();
  await register();
}

/** Make the follower known to the server, for as long as it takes, then watch the phone. */
async function register() {
  const name = state.name;
  try {
    const { openid } = await post("followers", { follower: name });
    if (name !== state.name) return;
    state.openid = openid;
    state.run = "";
    showConnection("");
    stopWatching = watch(openid, showChanges, showConnection);
  } catch (error) {
    showConnection(error.message);
    setTimeout(() => name === state.name && register(), 1500);
  }
}

function showNames() {
  const names = new Set([...DEFAULT_NAMES, ...[...state.followers.values()].map(({ name }) => name), state.name]);
  const options = [...names].map((name) => el("option", { value: name, selected: name === state.name }, name));
  $("person").replaceChildren(...options, el("option", { value: NEW }, "新的粉丝…"));
}

$("person").addEventListener("change", (event) => {
  if (event.target.value !== NEW) {
    become(event.target.value);
    return;
  }
  showNames();
  ask("person-dialog", ({ follower }) => follower.trim() && become(follower.trim()));
});

// --- what the server says

function forget() {
  state.titles.clear();
  state.deliveries.clear();
  state.selected = "";
  chat.clear();
  story.clear();
}

function showChanges({ run, now, entries }) {
  state.offset = now - Date.now() / 1000;
  if (state.run && run !== state.run) {
    // The server started anew or was reset: it has forgotten this follower.
    stopWatching();
    state.followers.clear();
    forget();
    register();
    return;
  }
  state.run = run;
  for (const { kind, key, data } of entries) {
    if (kind === "settings") showSettings(data);
    else if (kind === "follower") showFollower(data);
    else if (kind === "bubble") showBubble(key, data);
    else if (kind === "delivery") showDelivery(key, data);
  }
}

function showConnection(reason) {
  $("offline").textContent = reason && `${reason}，正在重试… 服务停了的话，在终端里运行 make run。`;
  $("offline").hidden = !reason;
}

function showFollower(follower) {
  const isNew = !state.followers.has(follower.openid);
  state.followers.set(follower.openid, follower);
  if (isNew) showNames();
  if (follower.openid !== state.openid) return;
  $("bottom").hidden = !follower.following;
  $("follow").hidden = follower.following;
  showTyping(follower.typing_until);
}

let typingTimer = 0;
function showTyping(until) {
  clearTimeout(typingTimer);
  const left = until - (Date.now() / 1000 + state.offset);
  $("typing").textContent = left > 0 ? "对方正在输入…" : "";
  if (left > 0) typingTimer = setTimeout(() => showTyping(0), left * 1000);
}

function showBubble(key, message) {
  const names = { account: state.settings?.account_name ?? "公众号", follower: state.name };
  chat.add(key, message, names);
  if (message.via !== "sent") return;
  state.titles.set(key, titleOf(message));
  select(key);
}

function showDelivery(key, delivery) {
  state.deliveries.set(key, delivery);
  chat.showStatus(key, delivery);
  if (key === state.selected) select(key);
}

function titleOf({ type, content }) {
  const kinds = { image: "图片", voice: "语音", video: "视频", location: "位置", link: "链接", sticker: "表情" };
  const text = kinds[type] ? `［${kinds[type]}］` : content.content;
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function select(key) {
  state.selected = key;
  chat.select(key);
  const delivery = state.deliveries.get(key);
  if (delivery) story.show(key, delivery, state.titles.get(key) ?? "", state.offset);
}

// --- settings

const chosen = {}; // what is on its way to the server; what the server says meanwhile is older

function showSettings(known) {
  state.settings = known;
  const settings = { ...known, ...chosen };
  $("account-name").textContent = settings.account_name;
  document.title = `${settings.account_name} · 公众号模拟器`;
  for (const name of ["mode", "push_format"]) {
    for (const input of $(name).querySelectorAll("input")) input.checked = input.value === settings[name];
  }
  for (const input of $("mode").querySelectorAll("input")) input.disabled = !settings.modes.includes(input.value);
  $("account_type").value = settings.account_type;
  showHint(settings.modes.length > 1 ? "" : "没有配置 EncodingAESKey，所以只能用明文模式。");
  $("pace-field").hidden = settings.pace === null;
  if (settings.pace !== null && document.activeElement !== $("pace")) showPace(settings.pace);
  composer.showMenu(settings.menu);
}

function showHint(text) {
  $("settings-hint").textContent = text;
  $("settings-hint").hidden = !text;
}

function showPace(value) {
  $("pace").value = value;
  $("pace-output").textContent = `${value} 秒`;
}

async function change(settings) {
  Object.assign(chosen, settings);
  let problem = "";
  try {
    await post("settings", settings);
  } catch (error) {
    problem = error.message;
  }
  for (const [name, value] of Object.entries(settings)) if (chosen[name] === value) delete chosen[name];
  if (!problem) return;
  if (state.settings) showSettings(state.settings);
  showHint(problem);
}

for (const name of ["mode", "push_format", "account_type"]) {
  $(name).addEventListener("change", (event) => change({ [name]: event.target.value }));
}
$("pace").addEventListener("input", (event) => showPace(Number(event.target.value)));
$("pace").addEventListener("change", (event) => change({ pace: Number(event.target.value) }));
$("reset").addEventListener("click", () => post("reset", {}).catch((error) => showHint(error.message)));
$("suggestions").addEventListener("click", (event) => {
  const { text } = event.target.dataset;
  if (text) composer.send({ type: "text", content: text });
});

// --- on a small screen, the panel is a sheet over the phone

const small = matchMedia("(max-width: 899.98px)");

function openPanel() {
  if (!small.matches) return;
  $("panel").classList.add("open");
  $("panel").setAttribute("role", "dialog");
  $("scrim").hidden = false;
  document.querySelector(".phone").inert = true;
  $("close-panel").focus();
}

function closePanel() {
  if (!$("panel").classList.contains("open")) return;
  $("panel").classList.remove("open");
  $("panel").removeAttribute("role");
  $("scrim").hidden = true;
  document.querySelector(".phone").inert = false;
  $("open-panel").focus();
}

$("open-panel").addEventListener("click", openPanel);
$("close-panel").addEventListener("click", closePanel);
$("scrim").addEventListener("click", closePanel);
small.addEventListener("change", closePanel);
document.addEventListener("keydown", (event) => event.key === "Escape" && closePanel());

for (const place of document.querySelectorAll("[data-icon]")) place.append(icon(place.dataset.icon));
become(remembered());
