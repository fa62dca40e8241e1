// The conversations that the device keeps: one stored item each, the oldest leaving first.
//
// A conversation: { id, title, created, updated, messages: [{ role, content, state, error, answerId }] }, times in
// milliseconds. `state` is an answer's: waiting, writing, done, stopped or broken. `answerId` is set when the
// answer was written for the account and is read by its link.

import { load, names, remove, store } from "./storage.js";
import { t } from "./text.js";

const MOST = 100;
const MOST_CHARACTERS = 2_000_000; // Safari keeps about 2.5 million for a site.
const TITLE_CHARACTERS = 40;
const HISTORY_MESSAGES = 20;
const HISTORY_CHARACTERS = 16_000;
const EXCERPT_BEFORE = 12;
const EXCERPT_CHARACTERS = 60;

const key = (id) => `conversation/${id}`;
const size = (conversation) => conversation.messages.reduce((sum, { content }) => sum + content.length, 0);

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
}

function titleOf(text) {
  const line = text.trim().split("\n")[0];
  return line.length > TITLE_CHARACTERS ? `${line.slice(0, TITLE_CHARACTERS)}…` : line;
}

function isConversation(value) {
  return Boolean(value?.id && Array.isArray(value.messages) && value.messages.every((message) => typeof message?.content === "string"));
}

export class Conversations {
  #all = new Map();

  constructor() {
    for (const name of names("conversation/")) this.reread(name);
  }

  /** All of them, the last touched first. */
  list() {
    return [...this.#all.values()].sort((a, b) => b.updated - a.updated);
  }

  get(id) {
    return this.#all.get(id) ?? null;
  }

  /** Return the conversation in which an answer of the account is read, or null. */
  withAnswer(answerId) {
    return this.list().find(({ messages }) => messages.some((message) => message.answerId === answerId)) ?? null;
  }

  /** Begin one with a question. */
  begin(question) {
    const now = Date.now();
    const conversation = { id: newId(), title: titleOf(question) || t("新对话"), created: now, updated: now, messages: [] };
    this.#all.set(conversation.id, conversation);
    return conversation;
  }

  /** Keep a conversation as it is now; `touched` also moves it to the top. */
  save(conversation, { touched = false } = {}) {
    if (!this.#all.has(conversation.id)) return; // Deleted while its answer was being written.
    if (touched) conversation.updated = Date.now();
    this.#makeRoom(conversation);
    while (!store(key(conversation.id), conversation)) {
      if (!this.#dropOldest(conversation)) return;
    }
  }

  delete(id) {
    this.#all.delete(id);
    remove(key(id));
  }

  /** Take back a deletion. */
  restore(conversation) {
    this.#all.set(conversation.id, conversation);
    this.save(conversation);
  }

  /** Read what another page stored or removed. Returns the conversation's id, or "" if it is about none. */
  reread(name) {
    if (!name.startsWith("conversation/")) return "";
    const id = name.slice("conversation/".length);
    const conversation = load(name);
    if (isConversation(conversation)) this.#all.set(id, conversation);
    else this.#all.delete(id);
    return id;
  }

  /** Return [{ conversation, excerpt }] of those that contain the words; the excerpt shows where, if inside. */
  search(words) {
    const wanted = words.trim().toLowerCase();
    const found = [];
    for (const conversation of this.list()) {
      if (!wanted || conversation.title.toLowerCase().includes(wanted)) found.push({ conversation, excerpt: "" });
      else {
        const hit = conversation.messages.find(({ content }) => content.toLowerCase().includes(wanted));
        if (hit) found.push({ conversation, excerpt: excerptOf(hit.content, wanted) });
      }
    }
    return found;
  }

  #makeRoom(conversation) {
    let characters = 0;
    for (const each of this.#all.values()) characters += size(each);
    while ((this.#all.size > MOST || characters > MOST_CHARACTERS) && this.#all.size > 1) {
      const oldest = this.#dropOldest(conversation);
      if (!oldest) return;
      characters -= size(oldest);
    }
  }

  #dropOldest(except) {
    const oldest = this.list().filter((each) => each !== except).pop();
    if (oldest) this.delete(oldest.id);
    return oldest;
  }
}

function excerptOf(content, wanted) {
  const flat = content.replace(/\s+/g, " ");
  const from = Math.max(0, flat.toLowerCase().indexOf(wanted) - EXCERPT_BEFORE);
  return (from ? "…" : "") + flat.slice(from, from + EXCERPT_CHARACTERS);
}

/**
 * Return the earlier messages that go along with a question: questions with their answers, as they came, the
 * latest that fit the bounds of the API. A question without an answer says nothing to the model.
 */
export function historyOf(messages) {
  const pairs = [];
  for (let index = 0; index + 1 < messages.length; index += 1) {
    const [question, answer] = [messages[index], messages[index + 1]];
    if (question.role === "user" && answer.role === "assistant" && answer.content) pairs.push([question, answer]);
  }
  const history = [];
  let room = HISTORY_CHARACTERS;
  for (const [question, answer] of pairs.reverse()) {
    // Of an answer longer than everything that may go along, the end is what one goes on from.
    const said = history.length ? answer.content : answer.content.slice(-(room - question.content.length));
    room -= question.content.length + said.length;
    if (room < 0 || history.length + 2 > HISTORY_MESSAGES) break;
    history.unshift({ role: "user", content: question.content }, { role: "assistant", content: said });
  }
  return history;
}
