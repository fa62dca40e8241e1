// What a message went through: its attempts, their times, and the XML both ways.

import { $, el } from "./dom.js";
import { laidOut } from "./wire.js";

const OUTCOMES = {
  replied: ["回复了", "good"],
  acknowledged: ["应答，无回复", "good"],
  timed_out: ["超时", "wait"],
  refused: ["被拒绝", "bad"],
  malformed: ["回复无法使用", "bad"],
  unreachable: ["连不上", "bad"],
};
const MODES = { plain: "明文模式", compatible: "兼容模式", safe: "安全模式" };
const seconds = (value) => `${value.toFixed(value < 1 ? 3 : 2)} 秒`;

const total = (delivery) => delivery.attempts.reduce((sum, attempt) => sum + (attempt.seconds ?? 0), 0);

/** Return how a delivery stands in a few words, and its state: running, failed or done. */
export function summary(delivery) {
  const count = delivery.attempts.length;
  if (!delivery.done) return { text: `第 ${count} 次投递中`, state: "running" };
  const time = seconds(total(delivery));
  if (delivery.failed) return { text: `${count} 次都失败 · ${time}`, state: "failed" };
  const last = delivery.attempts.at(-1);
  const verb = last.outcome === "acknowledged" ? "应答" : "回复";
  return { text: `第 ${count} 次${verb} · ${time}`, state: "done" };
}

/** The panel's lower part. It shows one delivery, and keeps open what the reader has opened. */
export class Story {
  constructor() {
    this.box = $("delivery");
    this.cards = new Map();
    this.key = "";
    this.wantsWire = false;
    setInterval(() => this.tick(), 100);
  }

  clear() {
    this.key = "";
    this.cards.clear();
    this.box.replaceChildren();
    this.box.hidden = true;
    $("story-empty").hidden = false;
  }

  /** Show a delivery; `title` is what was sent, `offset` the seconds the server's clock is ahead of ours. */
  show(key, delivery, title, offset) {
    if (key !== this.key) {
      this.clear();
      this.key = key;
      this.heading = el("p", { className: "summary" });
      this.list = el("ol", { className: "attempts" });
      this.box.append(this.heading, this.list);
    }
    this.box.hidden = false;
    $("story-empty").hidden = true;
    this.offset = offset;
    const mode = `${MODES[delivery.mode]} · ${delivery.push_format.toUpperCase()}`;
    this.heading.replaceChildren(el("strong", {}, title), el("span", {}, mode), el("span", {}, summary(delivery).text));
    for (const attempt of delivery.attempts) this.showAttempt(attempt, delivery);
  }

  showAttempt(attempt, delivery) {
    const known = this.cards.get(attempt.number);
    if (known?.attempt.outcome === attempt.outcome && known) return;
    const card = this.card(attempt, delivery);
    if (known) known.node.replaceWith(card.node);
    else this.list.append(card.node);
    this.cards.set(attempt.number, card);
    this.tick();
  }

  card(attempt, delivery) {
    const running = attempt.outcome === null;
    const [label, tone] = running ? ["等回复", "wait"] : OUTCOMES[attempt.outcome];
    const timer = el("span", { className: "seconds" });
    const fill = el("i");
    const bar = el("div", { className: `bar ${running ? "running" : attempt.outcome}`, aria: { hidden: "true" } }, fill);
    if (running) {
      const elapsed = Date.now() / 1000 + this.offset - attempt.started_at;
      fill.style.animationDuration = `${delivery.limit}s`;
      fill.style.animationDelay = `${-Math.max(0, elapsed)}s`;
    } else {
      timer.textContent = seconds(attempt.seconds);
      fill.style.transform = `scaleX(${Math.min(1, Math.max(0.004, attempt.seconds / delivery.limit))})`;
    }
    const chip = el("span", { className: `chip ${tone}` }, label);
    const node = el("li", { className: "attempt" },
      el("div", { className: "attempt-head" },
        el("h3", {}, `第 ${attempt.number} 次`),
        chip,
        attempt.status && attempt.status !== 200 ? el("span", { className: "chip" }, `HTTP ${attempt.status}`) : "",
        timer),
      bar, scale(delivery.limit),
      attempt.reason ? el("p", { className: `reason ${tone}` }, attempt.reason) : "",
      ...attempt.notes.map((note) => el("p", { className: "note" }, note)),
      this.wire(attempt, delivery));
    return { node, attempt, timer, running };
  }

  wire(attempt, delivery) {
    const encrypted = delivery.mode !== "plain";
    const format = delivery.push_format.toUpperCase();
    const details = el("details", { open: this.wantsWire }, el("summary", {}, `来回的 ${format}`));
    const fill = () => {
      if (!details.open || details.children.length > 1) return;
      details.append(section("微信发出", encrypted ? "加密前" : "", attempt.request_plain));
      if (encrypted) details.append(section("微信发出", "网络上实际传输的", attempt.request));
      if (attempt.outcome === null) return;
      if (encrypted && attempt.answer_plain && attempt.answer_plain !== attempt.answer) {
        details.append(section("公众号回复", "解密后", attempt.answer_plain));
        details.append(section("公众号回复", "网络上实际传输的", attempt.answer));
      } else {
        details.append(section("公众号回复", attempt.status ? `HTTP ${attempt.status}` : "", attempt.answer));
      }
    };
    details.addEventListener("toggle", () => fill());
    details.firstChild.addEventListener("click", () => { this.wantsWire = !details.open; });
    fill();
    return details;
  }

  tick() {
    for (const { attempt, timer, running } of this.cards.values()) {
      if (running) timer.textContent = `${Math.max(0, Date.now() / 1000 + this.offset - attempt.started_at).toFixed(1)} 秒`;
    }
  }
}

function scale(limit) {
  const marks = Number.isInteger(limit) && limit <= 10 ? limit : 1;
  const labels = Array.from({ length: marks + 1 }, (_, n) => el("span", {}, `${(limit / marks) * n}`));
  labels.at(-1).append(" 秒");
  return el("div", { className: "scale", aria: { hidden: "true" } }, ...labels);
}

function section(title, detail, text) {
  const pre = el("pre", { tabIndex: 0 }, text ? laidOut(text) : "（空）");
  pre.setAttribute("aria-label", `${title}${detail ? `，${detail}` : ""}`);
  pre.setAttribute("role", "group");
  return el("div", { className: "wire" }, el("h4", {}, title, detail ? el("small", {}, detail) : ""), pre);
}
