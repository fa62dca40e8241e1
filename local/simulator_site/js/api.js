// The simulator's JSON API.

const url = (path) => new URL(`api/${path}`, document.baseURI);
const HELD = 20; // seconds the server holds a request for changes
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class Refused extends Error {}
export class Unreachable extends Error {}

async function fetched(path, options) {
  let response;
  try {
    response = await fetch(url(path), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable("连不上本地服务");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer.error || `服务器返回了 HTTP ${response.status}`);
  return answer;
}

/** Post JSON and return the answer. Throws Refused (with the reason) or Unreachable. */
export function post(path, body) {
  return fetched(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/**
 * Call `onChanges(changes)` with everything that a follower's phone shows, then with what changes, for ever.
 * `onConnection(reason)` is called with a text when the server is gone, with "" when it is back.
 * Returns a function that stops it.
 */
export function watch(openid, onChanges, onConnection) {
  const controller = new AbortController();
  (async () => {
    let run = "";
    let number = 0;
    let failures = 0;
    while (!controller.signal.aborted) {
      try {
        const query = new URLSearchParams({ run, after: number, openid, wait: run && !failures ? HELD : 0 });
        const changes = await fetched(`changes?${query}`, { signal: controller.signal, cache: "no-store" });
        if (failures) onConnection("");
        failures = 0;
        ({ run, number } = changes);
        onChanges(changes);
      } catch (error) {
        if (controller.signal.aborted) return;
        failures += 1;
        onConnection(error.message);
        await pause(Math.min(500 * failures, 3000));
      }
    }
  })();
  return () => controller.abort();
}

/** Return a file's bytes as base64. */
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Refused("读不了这个文件"));
    reader.readAsDataURL(file);
  });
}
