// Reading server-sent events from a response.

const TICK = 5_000; // milliseconds
const SILENT_TICKS = 9; // The server says something at least every 15 s; after 45 s the connection is dead.

/** Yield the data of each event as text, until the stream ends. Comments (heartbeats) only keep it alive. */
export async function* events(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let silent = 0;
  // Ticks, not one timeout: a phone that sleeps for a minute must not find its stream cut when it wakes.
  const watch = setInterval(() => {
    silent += 1;
    if (silent >= SILENT_TICKS) reader.cancel().catch(() => {});
  }, TICK);
  let rest = "";
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      silent = 0;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        // Every event of this API is one line of JSON.
        if (line.startsWith("data:")) yield line.slice("data:".length).trim();
      }
    }
  } finally {
    clearInterval(watch);
    reader.cancel().catch(() => {});
  }
}
