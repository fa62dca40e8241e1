// The chat's API: where it is, and every call to it.

import { events } from "./events.js";
import { saidByApi, t } from "./text.js";

/** A call did not work. `message` is for people; `code` is the API's word, or "offline" or "cut". */
export class ApiError extends Error {
  constructor(text, code = "", status = 0) {
    super(text);
    this.code = code;
    this.status = status;
  }
}

const offline = () => new ApiError(t("网络不通，请检查网络后再试。"), "offline");
const cut = () => new ApiError(t("回答中断了。"), "cut");

let found = null;

/** Return the API's address. A deployment may write it into config.json; where none stands, it is where the page is. */
async function find() {
  const base = await configured();
  return base ? base.replace(/\/+$/, "") : new URL("..", location.href.split(/[?#]/)[0]).href.replace(/\/+$/, "");
}

async function configured() {
  const response = await reach("config.json", { cache: "no-cache" });
  try {
    return response.ok ? (await response.json()).api : "";
  } catch {
    return ""; // A site may answer with a page where there is no such file.
  }
}

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw offline();
  }
}

async function call(path, { json, password, ...options } = {}) {
  found ??= find();
  const base = await found.catch((error) => {
    found = null;
    throw error;
  });
  const headers = {};
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (password !== undefined) headers["X-Config-Password"] = asHeader(password);
  const response = await reach(base + path, {
    method: json === undefined ? "GET" : "POST",
    headers,
    body: json === undefined ? undefined : JSON.stringify(json),
    credentials: new URL(base).origin === location.origin ? "same-origin" : "include",
    cache: "no-store",
    ...options,
  });
  if (!response.ok) throw await refusal(response);
  return response;
}

/** A header takes bytes only: anything beyond ASCII goes as UTF-8. */
function asHeader(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const text = body.error || body.message;
  return new ApiError(text ? saidByApi(text, body.code) : t("服务暂时不可用，请稍后再试。"), body.code, response.status);
}

async function answerTo(path, options) {
  const response = await call(path, options);
  return response.json().catch(() => {
    throw new ApiError(t("服务暂时不可用，请稍后再试。"));
  });
}

/** Yield what an answer's response brings, { question } or { message }. Throws ApiError when it breaks. */
async function* pieces(response) {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    yield await response.json().catch(() => {
      throw cut();
    });
    return;
  }
  try {
    for await (const data of events(response)) {
      if (data === "[DONE]") return;
      const event = JSON.parse(data);
      if (!event.success) throw new ApiError(event.error ? saidByApi(event.error, event.code) : t("回答中断了。"), event.code);
      yield event;
    }
  } catch (error) {
    if (error instanceof ApiError || error.name === "AbortError") throw error;
  }
  throw cut();
}

/** Ask. Yields { message } pieces; aborting `signal` stops the model too. */
export async function* ask(message, history, signal) {
  yield* pieces(await call("/chat/api/send", { json: { message, history }, signal }));
}

/** Read an answer that was written for the account. Yields { question }, then { message } pieces. */
export async function* readAnswer(id, signal) {
  yield* pieces(await call(`/chat/api/answer?id=${encodeURIComponent(id)}`, { signal }));
}

export const getConfig = () => answerTo("/chat/api/config");
export const enterCode = (code) => answerTo("/chat/api/code", { json: { code } });
export const validatePassword = (password) => answerTo("/chat/api/validate-password", { json: { password } });
export const getSettings = (password) => answerTo("/chat/api/settings", { password });
export const saveSettings = (password, settings) => answerTo("/chat/api/config", { password, json: settings });
export const listModels = (password, settings) => answerTo("/chat/api/models", { password, json: settings });
export const makeCodes = (password, count) => answerTo("/chat/api/codes", { password, json: { count } });
