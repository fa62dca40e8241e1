// The owner's settings, behind the password: the model of the web chat and of the account, and access codes.

import { getSettings, listModels, makeCodes, saveSettings, validatePassword } from "./api.js";
import { copyFor } from "./clipboard.js";
import { open } from "./dialogs.js";
import { $, el } from "./dom.js";
import { t } from "./text.js";

const SECTIONS = ["chat", "wechat"];
const TABS = [...SECTIONS, "codes"];

let password = "";

/** Make the settings work. `isClosed()` tells whether they are closed to everybody, `onSaved()` is called after a change. */
export function setUpSettings({ isClosed, onSaved }) {
  $("open-settings").addEventListener("click", () => {
    $("settings-closed").hidden = !isClosed();
    $("password-form").hidden = isClosed() || Boolean(password);
    $("settings-open").hidden = isClosed() || !password;
    open("settings");
  });
  $("password-form").addEventListener("submit", (event) => {
    event.preventDefault();
    working(event.target, enter);
  });
  for (const section of SECTIONS) setUpSection(section, onSaved);
  $("codes-form").addEventListener("submit", (event) => {
    event.preventDefault();
    working(event.target, make);
  });
  $("copy-codes").addEventListener("click", ({ target }) => {
    copyFor(target, [...$("codes").querySelectorAll("code")].map((code) => code.textContent).join("\n"));
  });
  setUpTabs();
}

/** Do what a form is for: meanwhile its button rests, afterwards a failure is said in its place. */
async function working(form, act, button = form.querySelector("[type=submit]")) {
  const problem = form.querySelector(".form-error");
  problem.hidden = true;
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    await act(form);
  } catch (error) {
    const place = error.status === 401 && password ? lock() : problem;
    place.textContent = error.message;
    place.hidden = false;
  }
  button.disabled = false;
  button.removeAttribute("aria-busy");
}

/** The password holds no longer: ask for it again. Returns where to say why. */
function lock() {
  password = "";
  $("settings-open").hidden = true;
  $("password-form").hidden = false;
  $("password").focus();
  return $("password-error");
}

async function enter() {
  const given = $("password").value;
  await validatePassword(given);
  const settings = await getSettings(given);
  password = given;
  $("password").value = "";
  for (const section of SECTIONS) fill(section, settings[section]);
  $("password-form").hidden = true;
  $("settings-open").hidden = false;
  $("tab-chat").focus();
}

function setUpSection(section, onSaved) {
  $(`panel-${section}`).append($("section-form").content.cloneNode(true));
  const form = $(`panel-${section}`).querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    working(form, async () => {
      const done = form.querySelector(".form-done");
      done.textContent = t("正在向这个服务试问一句…");
      done.hidden = false;
      try {
        await saveSettings(password, { section, ...valuesOf(form) });
        done.textContent = t("已保存，几秒钟后生效。");
      } catch (error) {
        done.hidden = true;
        throw error;
      }
      if (form.elements.api_key.value) showKey(form, true);
      onSaved();
    });
  });
  setUpModels(section, form);
}

/** The service knows the names of its models better than anybody who has to type them. */
function setUpModels(section, form) {
  const [button, field] = [form.querySelector(".list-models"), form.querySelector(".models")];
  const select = field.querySelector("select");
  button.addEventListener("click", () => {
    field.hidden = true;
    working(form, async () => {
      const { api_url, api_key } = valuesOf(form);
      const { models } = await listModels(password, { section, api_url, ...(api_key && { api_key }) });
      const chosen = form.elements.model.value.trim();
      const first = el("option", { value: "" }, t("共 {n} 个，点这里选", { n: models.length }));
      select.replaceChildren(first, ...models.map((name) => el("option", { value: name }, name)));
      select.value = models.includes(chosen) ? chosen : "";
      field.hidden = false;
      select.focus();
    }, button);
  });
  select.addEventListener("change", () => {
    if (select.value) form.elements.model.value = select.value;
  });
}

function fill(section, values) {
  const form = $(`panel-${section}`).querySelector("form");
  for (const name of ["api_url", "model", "system_prompt", "temperature", "max_tokens"]) {
    form.elements[name].value = values[name] ?? "";
  }
  showKey(form, values.has_key);
}

function showKey(form, isSet) {
  form.elements.api_key.value = "";
  form.elements.api_key.placeholder = isSet ? t("已设置，留空则不变") : t("还没有设置");
}

function valuesOf(form) {
  const { api_url, api_key, model, system_prompt, temperature, max_tokens } = form.elements;
  return {
    api_url: api_url.value.trim(),
    ...(api_key.value && { api_key: api_key.value.trim() }),
    model: model.value.trim(),
    system_prompt: system_prompt.value,
    temperature: temperature.value === "" ? null : Number(temperature.value),
    max_tokens: Number(max_tokens.value),
  };
}

async function make(form) {
  const { codes, valid_days } = await makeCodes(password, Number(form.elements.count.value));
  const items = codes.map((code) => {
    const button = el("button", { type: "button", className: "quiet" }, t("复制"));
    button.setAttribute("aria-label", t("复制 {code}", { code }));
    button.addEventListener("click", () => copyFor(button, code));
    return el("li", {}, el("code", {}, code), button);
  });
  $("codes").replaceChildren(...items);
  $("codes-valid").textContent = t("做好了 {n} 个，每个 {days} 天内有效。关上这里就看不到了，请先复制。", { n: codes.length, days: valid_days });
  $("codes-made").hidden = false;
}

function setUpTabs() {
  const choose = (chosen) => {
    for (const name of TABS) {
      const tab = $(`tab-${name}`);
      tab.setAttribute("aria-selected", String(name === chosen));
      tab.tabIndex = name === chosen ? 0 : -1;
      $(`panel-${name}`).hidden = name !== chosen;
    }
  };
  for (const name of TABS) $(`tab-${name}`).addEventListener("click", () => choose(name));
  $("settings-tabs").addEventListener("keydown", ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: TABS.length - 1 }[key];
    if (!step) return;
    const now = TABS.findIndex((name) => $(`tab-${name}`).getAttribute("aria-selected") === "true");
    const next = TABS[(now + step) % TABS.length];
    choose(next);
    $(`tab-${next}`).focus();
  });
}
