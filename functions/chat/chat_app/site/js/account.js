// The account: its name and QR code wherever the page shows them, the empty page, the sheet to follow it.

import { howToGetACode } from "./access.js";
import { open } from "./dialogs.js";
import { $, el } from "./dom.js";
import { t } from "./text.js";

const inWeChat = /MicroMessenger/i.test(navigator.userAgent);

const suggested = () => [
  t("用三句话介绍一下你能做什么"),
  t("周末去爬山，帮我写一条朋友圈"),
  t("什么是复利？举个例子"),
  t("把一段话改得简洁一些，有什么窍门？"),
];

/** Show the account that a config tells of. `onSuggestion(text)` is called for an example question. */
export function showAccount({ accountName, qrcode, model, suggestions }, onSuggestion) {
  const name = accountName || t("AI 助手");
  for (const place of document.querySelectorAll("[data-account=name]")) place.textContent = name;
  for (const place of document.querySelectorAll("[data-account=initial]")) place.textContent = [...name][0].toUpperCase();
  for (const picture of document.querySelectorAll("[data-account=qrcode]")) {
    if (qrcode) picture.src = qrcode;
    picture.hidden = !qrcode;
  }
  $("greeting").textContent = t("有什么可以帮你？");
  $("greeting-more").textContent = accountName ? t("我是公众号「{name}」的 AI 助手", { name }) : t("我是 AI 助手");
  $("open-about").hidden = !accountName && !qrcode;
  $("about-how").textContent = howToFollow(name, qrcode);
  $("about-model").textContent = model ? t("回答来自模型 {model}", { model }) : "";
  $("gate-how").textContent = howToGetACode(name);
  const questions = suggestions?.length ? suggestions : suggested();
  $("suggestions").replaceChildren(
    ...questions.slice(0, 4).map((question) =>
      el("li", {}, el("button", { type: "button", onclick: () => onSuggestion(question) }, question)),
    ),
  );
}

function howToFollow(name, qrcode) {
  if (!qrcode) return t("在微信里搜索公众号「{name}」，关注后直接发消息也能聊。", { name });
  return inWeChat ? t("长按二维码，关注后直接发消息也能聊。") : t("用微信扫一扫，关注后直接发消息也能聊。");
}

$("open-about").addEventListener("click", () => open("about"));
