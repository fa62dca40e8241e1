// The pages API: where it is, and every call to it.

import { errorText, t } from "./text.js";

/** A call did not work. `message` is for people, `code` is the API's word. */
export class ApiError extends Error {
  constructor(text, code = "", status = 0) {
    super(text);
    this.code = code;
    this.status = status;
  }
}

let found = null;
let password = "";

/** Use this password for every call from now on. */
export const usePassword = (given) => (password = given);

/** A deployment writes the API's address into config.json; without one it is where the page is. */
async function find() {
  const response = await fetch("config.json", { cache: "no-cache" });
  const configured = response.ok ? ((await response.json().catch(() => ({}))).api ?? "") : "";
  return configured || new URL("..", location.href.split(/[?#]/)[0]).href.replace(/\/+$/, "");
}

async function call(method, path, json) {
  let response;
  try {
    found ??= find();
    response = await fetch((await found) + path, {
      method,
      headers: { "X-Config-Password": asHeader(password), ...(json && { "Content-Type": "application/json" }) },
      body: json && JSON.stringify(json),
      cache: "no-store",
      credentials: "omit",
    });
  } catch {
    found = null;
    throw new ApiError(t("网络不通，请检查网络后再试。"), "offline");
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const text = said.error ?? (response.status === 413 ? t("文件太大了") : t("服务暂时不可用，请稍后再试。"));
  throw new ApiError(errorText(said.code, text, response.headers.get("Retry-After")), said.code, response.status);
}

/** A header takes bytes only: anything beyond ASCII goes as UTF-8. */
function asHeader(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/** Return { pages, next } from a cursor on. */
export async function list(kind, cursor = "") {
  const query = new URLSearchParams({ kind, limit: "20", ...(cursor && { cursor }) });
  return (await call("GET", `/api/pages?${query}`)).json();
}

const MOST_BYTES = 4_000_000; // the most that any setting allows; more would be refused on its way, without a word

/** Host a file under a name and return the page. */
export async function upload(name, file, overwrite) {
  if (file.size > MOST_BYTES) throw new ApiError(t("文件太大了"), "too_large");
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 32768) binary += String.fromCharCode(...bytes.subarray(at, at + 32768));
  const json = { filename: name, content_base64: btoa(binary), overwrite };
  return (await (await call("POST", "/api/pages", json)).json()).page;
}

export const remove = (name) => call("DELETE", `/api/pages/${encodeURIComponent(name)}`);

/** Return the QR code of a page as an SVG text. */
export const qrCode = async (name) => (await call("GET", `/api/pages/${encodeURIComponent(name)}/qr`)).text();
