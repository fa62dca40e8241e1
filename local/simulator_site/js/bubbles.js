// What one message looks like in the chat, by its type.

import { el, icon } from "./dom.js";

const LINK = /<a\s[^>]*?href=(["'])(.*?)\1[^>]*>([\s\S]*?)<\/a>|https?:\/\/[^\s<>"'，。；！？）】」]+/gi;

/** Return a text as the phone shows it: addresses and WeChat's <a> become links, everything else stays text. */
export function richText(text, onChoice) {
  const fragment = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    fragment.append(text.slice(end, match.index), link(match[2] ?? match[0], match[3] ?? match[0], onChoice));
    end = match.index + match[0].length;
  }
  fragment.append(text.slice(end));
  return fragment;
}

function link(href, label, onChoice) {
  if (/^https?:\/\//i.test(href)) return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, label);
  if (!href.startsWith("weixin://bizmsgmenu?")) return label;
  const query = new URLSearchParams(href.slice(href.indexOf("?") + 1));
  const choose = () => onChoice(query.get("msgmenucontent") ?? label, query.get("msgmenuid") ?? "");
  return el("button", { type: "button", className: "said-link", onclick: choose }, label);
}

const outside = (href) => (/^https?:\/\//i.test(href) ? { href, target: "_blank", rel: "noopener noreferrer" } : {});
const mediaUrl = (mediaId) => new URL(`media/${encodeURIComponent(mediaId)}`, document.baseURI).href;

function bubble(...children) {
  return el("div", { className: "bubble" }, ...children);
}

function piece(iconName, title, detail, href = "") {
  const text = el("p", {}, href ? el("a", outside(href), title) : title, detail ? el("small", {}, detail) : "");
  return el("div", { className: "piece" }, icon(iconName), text);
}

function picture(content) {
  const box = el("div", { className: "bubble media" });
  const img = el("img", { alt: "图片", src: mediaUrl(content.media_id) });
  img.onerror = () => {
    box.className = "bubble";
    box.replaceChildren(piece("image", "图片", `模拟器没有这个 media_id 的文件：${content.media_id}`));
  };
  box.append(el("a", { href: img.src, target: "_blank", rel: "noopener" }, img));
  return box;
}

function news({ articles }) {
  const card = el("div", { className: "bubble card" });
  for (const [number, article] of articles.entries()) {
    const entry = el("a", outside(article.url));
    if (article.pic_url && number === 0) {
      const img = el("img", { alt: "", loading: "lazy", referrerPolicy: "no-referrer", src: article.pic_url });
      img.onerror = () => img.remove();
      entry.append(img);
    }
    entry.append(el("strong", {}, article.title), article.description ? el("small", {}, article.description) : "");
    card.append(entry);
  }
  return card;
}

function menu({ head, choices, tail }, onChoice) {
  const buttons = choices.map(({ id, content }) =>
    el("button", { type: "button", onclick: () => onChoice(content, id) }, content));
  return bubble(head, el("div", { className: "choices" }, ...buttons), tail);
}

const BY_TYPE = {
  text: (content, onChoice) => bubble(richText(content.content, onChoice)),
  image: picture,
  voice: (content) => bubble(piece("voice", "语音", voiceDetail(content))),
  video: (content) => bubble(piece("video", content.title || "视频", content.description)),
  music: (content) => bubble(piece("music", content.title || "音乐", content.description, content.music_url)),
  location: (content) => bubble(piece("location", content.label || "位置", `${content.latitude}, ${content.longitude}`)),
  link: (content) => bubble(piece("link", content.title, content.description || content.url, content.url)),
  sticker: () => bubble(piece("sticker", "表情", "公众号收到的是「收到不支持的消息类型」")),
  news,
  msgmenu: menu,
};

function voiceDetail(content) {
  if (content.recognition === undefined) return content.media_id;
  return content.recognition ? `识别结果：${content.recognition}` : "没有识别结果";
}

/** Return the bubble of a message. `onChoice(text, id)` is called when a choice in it is tapped. */
export function bubbleFor({ type, content }, onChoice) {
  return (BY_TYPE[type] ?? (() => bubble(`（${type}）`)))(content, onChoice);
}
