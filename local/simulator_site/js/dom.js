// Small helpers to build elements without ever parsing HTML.

export const $ = (id) => document.getElementById(id);

/** Return a new element. Properties are set as such, `data` and `aria` as attributes; children are appended. */
export function el(tag, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(data)) element.dataset[name] = value;
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

const PATHS = {
  plus: "M12 5v14M5 12h14",
  image: "M4 6.5A2.5 2.5 0 0 1 6.500 4h11A2.500 2.500 0 0 1 20 6.500v11a2.500 2.500 0 0 1-2.500 2.500h-11A2.500 2.500 0 0 1 4 17.500zM4.500 17l5-5 4 4 2.500-2.500 3.500 3.500M15.500 9h.01",
  voice: "M12 4a2.800 2.800 0 0 0-2.800 2.800v4.400a2.800 2.800 0 0 0 5.600 0V6.800A2.800 2.800 0 0 0 12 4zM6 11a6 6 0 0 0 12 0M12 17v3M9 20h6",
  video: "M4 7.500A1.500 1.500 0 0 1 5.500 6h8A1.500 1.500 0 0 1 15 7.500v9a1.500 1.500 0 0 1-1.500 1.500h-8A1.500 1.500 0 0 1 4 16.500zM15 10.500l5-3v9l-5-3",
  location: "M12 20.500s6.500-5.600 6.500-10.700a6.500 6.500 0 1 0-13 0c0 5.100 6.500 10.700 6.500 10.700zM12 12a2.300 2.300 0 1 0 0-4.600 2.300 2.300 0 0 0 0 4.600z",
  link: "M10 14a3.600 3.600 0 0 0 5.200.1l3-3a3.700 3.700 0 0 0-5.200-5.200l-1 1M14 10a3.600 3.600 0 0 0-5.200-.1l-3 3a3.700 3.700 0 0 0 5.200 5.200l1-1",
  sticker: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM9 10h.01M15 10h.01M8.500 14a4.200 4.200 0 0 0 7 0",
  scan: "M4 8.500V6a2 2 0 0 1 2-2h2.500M15.500 4H18a2 2 0 0 1 2 2v2.500M20 15.500V18a2 2 0 0 1-2 2h-2.500M8.500 20H6a2 2 0 0 1-2-2v-2.500M4 12h16",
  leave: "M14 4H6.500A1.500 1.500 0 0 0 5 5.500v13A1.500 1.500 0 0 0 6.500 20H14M10.500 12H20M16.500 8.500L20 12l-3.500 3.500",
  music: "M9 17.500V6l10-2v11.500M9 17.500a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0zM19 15.500a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z",
};

/** Return a line icon. It says nothing to a screen reader: the text beside it does. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
