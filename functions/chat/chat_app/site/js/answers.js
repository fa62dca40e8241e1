// Answers being written: asked for, added to the conversation piece by piece, stopped, tried again.
// They go on while the visitor looks at another conversation.

import { ApiError, ask, readAnswer } from "./api.js";
import { historyOf } from "./conversations.js";
import { t } from "./text.js";

const SLOW = 8_000; // milliseconds without a piece, until the page says that it still waits
const SAVE_EVERY = 1_000; // milliseconds; a reload in mid-answer loses no more than this

/** Failures that say nothing about the answer itself: it can be read again by its link. */
const CONNECTION = ["offline", "cut"];

export class Answers {
  #conversations;
  #onChange;
  #runs = new Map();

  /** `onChange(conversation, what)` is told "messages" (the list changed), "piece", "slow" or "end". */
  constructor(conversations, onChange) {
    this.#conversations = conversations;
    this.#onChange = onChange;
    addEventListener("pagehide", () => this.#leave());
  }

  /** Whether an answer is being written in a conversation. */
  running(id) {
    return this.#runs.has(id);
  }

  /** Whether an answer is being written, and nothing has come for a while. */
  slow(id) {
    return this.#runs.get(id)?.slow ?? false;
  }

  stop(id) {
    this.#runs.get(id)?.controller.abort();
  }

  /** Add a question to a conversation, and the answer to it. */
  ask(conversation, question) {
    const history = historyOf(conversation.messages);
    const controller = new AbortController();
    conversation.messages.push({ role: "user", content: question });
    this.#write(conversation, { role: "assistant" }, ask(question, history, controller.signal), controller);
  }

  /** Ask with another text what was asked at an index; what came after it is dropped. */
  askInstead(conversation, index, question) {
    this.stop(conversation.id);
    conversation.messages.splice(index);
    this.ask(conversation, question);
  }

  /** Write the last answer anew. */
  retry(conversation) {
    const { answerId, state, error } = conversation.messages.at(-1);
    if (answerId && (state === "stopped" || CONNECTION.includes(error?.code))) this.#readOn(conversation);
    else this.askInstead(conversation, conversation.messages.length - 2, conversation.messages.at(-2).content);
  }

  /** Read an answer of the account in a conversation of its own, which is returned. Throws ApiError. */
  async open(answerId) {
    const controller = new AbortController();
    const pieces = readAnswer(answerId, controller.signal);
    const { value } = await pieces.next();
    const question = value?.question ?? "";
    const conversation = this.#conversations.begin(question);
    conversation.messages.push({ role: "user", content: question });
    this.#write(conversation, { role: "assistant", answerId }, pieces, controller);
    return conversation;
  }

  /** Take care of an answer that was being written when the page was left: read it on, or say that it is cut. */
  resume(conversation) {
    const last = conversation.messages.at(-1);
    if (this.running(conversation.id) || !["waiting", "writing", "left"].includes(last?.state)) return;
    if (last.answerId) {
      this.#readOn(conversation);
      return;
    }
    // Not saved: another page of this site may be the one that is writing it.
    last.state = "broken";
    last.error = { text: t("离开页面的时候，回答还没有写完。"), code: "cut" };
  }

  /** Read the last answer by its link anew. If that cannot be had any more, what was read of it stays. */
  #readOn(conversation) {
    const { answerId, content } = conversation.messages.pop();
    const controller = new AbortController();
    const pieces = readAnswer(answerId, controller.signal);
    this.#write(conversation, { role: "assistant", answerId }, pieces, controller, content);
  }

  async #write(conversation, about, pieces, controller, before = "") {
    const message = { ...about, content: "", state: "waiting" };
    const run = { conversation, controller, slow: false, timer: 0 };
    conversation.messages.push(message);
    this.#runs.set(conversation.id, run);
    this.#conversations.save(conversation, { touched: true });
    this.#onChange(conversation, "messages");
    this.#waitFrom(run);
    try {
      let savedAt = Date.now();
      for await (const { message: piece } of pieces) {
        if (!piece) continue;
        message.content += piece;
        message.state = "writing";
        this.#waitFrom(run);
        if (Date.now() - savedAt > SAVE_EVERY) {
          this.#conversations.save(conversation);
          savedAt = Date.now();
        }
        this.#onChange(conversation, "piece");
      }
      if (!message.content) throw new ApiError(t("没有收到内容，请再试一次。"), "empty");
      message.state = "done";
    } catch (error) {
      message.content ||= before;
      message.state = controller.signal.aborted ? "stopped" : "broken";
      if (!controller.signal.aborted) message.error = { text: error.message, code: error.code };
    }
    clearTimeout(run.timer);
    // Stopped to ask something else: that answer is the conversation's now.
    if (this.#runs.get(conversation.id) !== run) return;
    this.#runs.delete(conversation.id);
    this.#conversations.save(conversation, { touched: true });
    this.#onChange(conversation, "end");
  }

  /** The page goes: an answer that is being written then is not broken, it is taken care of by the next page. */
  #leave() {
    for (const run of this.#runs.values()) {
      clearTimeout(run.timer);
      run.controller.abort();
      run.conversation.messages.at(-1).state = "left";
      this.#conversations.save(run.conversation);
    }
    this.#runs.clear();
  }

  #waitFrom(run) {
    clearTimeout(run.timer);
    run.slow = false;
    run.timer = setTimeout(() => {
      run.slow = true;
      this.#onChange(run.conversation, "slow");
    }, SLOW);
  }
}
