// A classic script in the head: the colours must be right before anything is painted, and what goes wrong with
// the modules must be said by something else.

window.chatTheme = (() => {
  const KEY = "chat/theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = "system";

  function apply() {
    const dark = chosen === "dark" || (chosen === "system" && system.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    document.querySelector("meta[name=theme-color]").content = dark ? "#141715" : "#fbfaf7";
  }

  function choose(theme) {
    chosen = theme;
    apply();
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Where nothing is kept, the choice lasts as long as the page.
    }
  }

  try {
    chosen = localStorage.getItem(KEY) || chosen;
  } catch {
    // The system's colours are a good beginning too.
  }
  apply();
  system.addEventListener("change", apply);
  return { choose, get chosen() { return chosen; } };
})();

const RELOADED = "chat/reloaded"; // milliseconds since 1970

// The rest of the page comes in modules. Where one gets lost on the way (a phone that changes its network), the
// page is fetched once more; after that it says so.
addEventListener(
  "error",
  ({ target }) => {
    if (target.type !== "module") return;
    try {
      const last = Number(sessionStorage.getItem(RELOADED));
      sessionStorage.setItem(RELOADED, Date.now());
      if (Date.now() - last > 60000) location.reload();
      else tellThat("not-loaded");
    } catch {
      tellThat("not-loaded");
    }
  },
  true,
);

function tellThat(id) {
  const tell = () => document.getElementById(id).removeAttribute("hidden");
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", tell);
  else tell();
}

// What the page needs at least: Chromium 93, Safari 15.4. Older ones get a sentence instead of an empty page.
if (!Array.prototype.at || !Object.hasOwn || !window.HTMLDialogElement) {
  tellThat("too-old");
}
