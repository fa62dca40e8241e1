// Colours in code. Nothing of it loads before an answer has code in a language that it knows.

import { harmless } from "./harmless.js";

const MOST_CHARACTERS = 50_000;
const VENDOR = "../vendor/highlight/";

const LANGUAGES = {
  bash: ["sh", "zsh", "ksh"],
  c: ["h"],
  cpp: ["c++", "cc", "hpp"],
  csharp: ["cs", "c#"],
  css: [],
  diff: ["patch"],
  dockerfile: ["docker"],
  go: ["golang"],
  ini: ["toml", "properties", "conf"],
  java: [],
  javascript: ["js", "jsx", "mjs"],
  json: ["jsonc", "json5"],
  kotlin: ["kt"],
  markdown: ["md"],
  php: [],
  python: ["py", "python3"],
  rust: ["rs"],
  shell: ["console"],
  sql: ["mysql", "postgresql", "sqlite"],
  swift: [],
  typescript: ["ts", "tsx"],
  xml: ["html", "svg", "vue", "xhtml"],
  yaml: ["yml"],
};
/** What a language is written with inside another one. */
const WITHIN = { xml: ["css", "javascript"], php: ["xml"], shell: ["bash"], markdown: ["xml"] };

const named = new Map(Object.entries(LANGUAGES).flatMap(([name, others]) => [name, ...others].map((each) => [each, name])));
const loading = new Map();
let core = null;

async function load(name) {
  core = (await import(`${VENDOR}core.min.js`)).default;
  await Promise.all(
    [name, ...(WITHIN[name] ?? [])].map(async (each) => {
      const language = await import(`${VENDOR}languages/${each}.min.js`);
      core.registerLanguage(each, language.default);
    }),
  );
}

/** Colour a code element in the language that its `data-language` says, now or as soon as that is loaded. */
export function colour(code) {
  const name = named.get(code.dataset.language.toLowerCase());
  if (!name || code.textContent.length > MOST_CHARACTERS) return;
  if (core?.getLanguage(name)) {
    const { value } = core.highlight(code.textContent, { language: name, ignoreIllegals: true });
    code.replaceChildren(harmless(value));
    code.dataset.coloured = "";
    return;
  }
  if (loading.has(name)) return;
  // Without its colours code can be read just as well: a failure needs no words, and is tried again next time.
  const done = load(name).then(() => colourAll(name)).catch(() => loading.delete(name));
  loading.set(name, done);
}

function colourAll(name) {
  for (const code of document.querySelectorAll("code[data-language]:not([data-coloured])")) {
    if (named.get(code.dataset.language.toLowerCase()) === name) colour(code);
  }
}
