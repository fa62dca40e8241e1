// Renders the file that it is given once for each line on its input, and says how long each took.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { renderStyledContent } from "@wenyan-md/core/wrapper";

const markdown = readFileSync(process.argv[2], "utf8").replace(/^---\n[\s\S]*?\n---\n/, "");
const options = { themeId: "default", hlThemeId: "solarized-light", isMacStyle: false, isAddFootnote: true };
for await (const _ of createInterface({ input: process.stdin })) {
    const began = performance.now();
    const html = await renderStyledContent(markdown, options);
    console.log(JSON.stringify({ milliseconds: performance.now() - began, characters: html.length }));
}
