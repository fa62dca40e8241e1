// The bottom of the phone: the text, the tray of other messages, the account's menu.

import { $, el } from "./dom.js";
import { base64, post, Refused } from "./api.js";

const MAX_BYTES = 10 * 1024 * 1024;

/** Everything a follower can do. `send(fields)` posts a message and throws Refused or Unreachable. */
export class Composer {
  constructor({ send }) {
    this.sendMessage = send;
    this.text = $("text");
    this.buildText();
    this.buildTray();
    $("subscribe").addEventListener("click", () => this.send({ type: "subscribe" }));
    $("subscribe-scan").addEventListener("click", () => this.scan());
    document.addEventListener("click", (event) => {
      if (!event.target.closest(".menu")) this.closeSubmenus();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.closeSubmenus();
    });
  }

  /** Send, and show the reason where it cannot be sent. Returns whether it was. */
  async send(fields) {
    this.showRefused("");
    try {
      await this.sendMessage(fields);
      return true;
    } catch (error) {
      this.showRefused(error.message);
      return false;
    }
  }

  showRefused(reason) {
    $("refused").textContent = reason;
    $("refused").hidden = !reason;
  }

  buildText() {
    const resize = () => {
      this.text.style.height = "auto";
      this.text.style.height = `${Math.min(this.text.scrollHeight + 2, 132)}px`;
      $("send").hidden = !this.text.value.trim();
    };
    this.text.addEventListener("input", resize);
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        $("composer").requestSubmit();
      }
    });
    $("composer").addEventListener("submit", async (event) => {
      event.preventDefault();
      const content = this.text.value;
      if (!content.trim()) return;
      this.text.value = "";
      resize();
      if (!(await this.send({ type: "text", content })) && !this.text.value) {
        this.text.value = content;
        resize();
      }
    });
  }

  buildTray() {
    const plus = $("plus");
    const toggle = (open) => {
      $("tray").hidden = !open;
      plus.setAttribute("aria-expanded", open);
    };
    plus.addEventListener("click", () => toggle($("tray").hidden));
    $("tray").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      toggle(false);
      this.do(button.dataset.do);
    });
    $("image-file").addEventListener("change", (event) => {
      const [file] = event.target.files;
      event.target.value = "";
      if (file) this.sendFile(file, "image");
    });
  }

  do(what) {
    switch (what) {
      case "image": return $("image-file").click();
      case "voice": return this.voice();
      case "location": return this.location();
      case "link": return ask("link-dialog", (form) => this.send({ type: "link", ...form }));
      case "scan": return this.scan();
      default: return this.send({ type: what });
    }
  }

  voice() {
    ask("voice-dialog", ({ recognition, file }) =>
      file.size ? this.sendFile(file, "voice", { recognition }) : this.send({ type: "voice", recognition }));
  }

  location(menuKey = "") {
    const check = document.querySelector("#location-dialog .check");
    check.hidden = Boolean(menuKey);
    ask("location-dialog", ({ label, latitude, longitude, report }) => {
      const type = menuKey ? "select_location" : report ? "report_location" : "location";
      this.send({ type, key: menuKey, label, latitude: Number(latitude), longitude: Number(longitude) });
    });
  }

  scan(menuKey = "") {
    ask("scan-dialog", ({ scene }) =>
      this.send(menuKey ? { type: "scan_code", key: menuKey, result: scene } : { type: "scan", scene }));
  }

  async sendFile(file, kind, more = {}) {
    try {
      if (file.size > MAX_BYTES) throw new Refused("文件太大：最多 10 MB");
      const media = await post("media", { data: await base64(file) });
      if (media.kind !== kind) throw new Refused(kind === "image" ? "这不是图片" : "这不是 AMR 或 MP3 语音");
      await this.send({ type: kind, media_id: media.media_id, ...more });
    } catch (error) {
      this.showRefused(error.message);
    }
  }

  /** Show the account's menu, in the shape of WeChat's menu/create. */
  showMenu(menu) {
    const shape = JSON.stringify(menu);
    if (shape === this.menuShape) return;
    this.menuShape = shape;
    $("menu").replaceChildren(...menu.button.map((button) => {
      if (!button.sub_button?.length) return el("div", {}, this.menuButton(button));
      const sub = el("div", { className: "sub", hidden: true }, ...button.sub_button.map((one) => this.menuButton(one)));
      const top = el("button", { type: "button", aria: { expanded: "false" } }, `${button.name} ▴`);
      top.addEventListener("click", () => {
        const open = sub.hidden;
        this.closeSubmenus();
        sub.hidden = !open;
        top.setAttribute("aria-expanded", open);
      });
      return el("div", {}, sub, top);
    }));
  }

  menuButton(button) {
    const element = el("button", { type: "button" }, button.name);
    element.addEventListener("click", () => {
      this.closeSubmenus();
      this.tapMenu(button);
    });
    return element;
  }

  tapMenu({ type, key, url, name }) {
    switch (type) {
      case "click": return this.send({ type: "click", key, name });
      case "view":
        window.open(url, "_blank", "noopener");
        return this.send({ type: "view", url });
      case "scancode_waitmsg":
      case "scancode_push": return this.scan(key);
      case "location_select": return this.location(key);
      default: return this.showRefused(`模拟器还不能点这种菜单：${type}`);
    }
  }

  closeSubmenus() {
    for (const sub of $("menu").querySelectorAll(".sub")) {
      sub.hidden = true;
      sub.nextElementSibling.setAttribute("aria-expanded", "false");
    }
  }
}

/** Open a dialog, and call `onSend` with its fields unless it is cancelled. */
export function ask(id, onSend) {
  const dialog = $(id);
  const form = dialog.querySelector("form");
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "send") onSend(Object.fromEntries(new FormData(form)));
  }, { once: true });
  dialog.showModal();
}
