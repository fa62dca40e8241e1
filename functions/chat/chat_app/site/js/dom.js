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
  plus: "M12 5.500v13M5.500 12h13",
  close: "M6.500 6.500l11 11M17.500 6.500l-11 11",
  menu: "M4.500 7.500h15M4.500 12h15M4.500 16.500h9",
  compose: "M12 5H7a2.500 2.500 0 0 0-2.500 2.500V17A2.500 2.500 0 0 0 7 19.500h9.500A2.500 2.500 0 0 0 19 17v-5M17.300 4.600a1.500 1.500 0 0 1 2.100 2.100L12.500 13.600l-3 .9.900-3z",
  search: "M11 17.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.800 15.800l3.700 3.700",
  qr: "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h2.200v2.200H14zM19 14v2M17 19h2M14 19h.01",
  settings: "M5 8h8M17 8h2M5 16h2M11 16h8M15 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM9 18a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  system: "M5 5.500h14v9.500H5zM9.500 19h5M12 15v4",
  light: "M12 15.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM12 3.500v1.700M12 18.800v1.700M3.500 12h1.700M18.800 12h1.700M6 6l1.200 1.200M16.800 16.800L18 18M6 18l1.200-1.200M16.800 7.200L18 6",
  dark: "M19 14.200A7.500 7.500 0 0 1 9.800 5a7.500 7.500 0 1 0 9.200 9.200z",
  down: "M12 5.500v13M6.500 13l5.500 5.500 5.500-5.500",
  up: "M12 18.500v-13M6.500 11L12 5.500l5.500 5.500",
  stop: "M8 8h8v8H8z",
  copy: "M9 9h8.500A1.500 1.500 0 0 1 19 10.500V18a1.500 1.500 0 0 1-1.500 1.500H10A1.500 1.500 0 0 1 8.500 18V9.500M5.500 15A1.500 1.500 0 0 1 5 14V6a1.500 1.500 0 0 1 1.500-1.500H14a1.500 1.500 0 0 1 1.500 1",
  done: "M5.500 12.500l4.500 4.500 8.500-9.500",
  retry: "M5 11.500a7 7 0 0 1 12.300-4L19 9.500M19 5v4.500h-4.500M19 12.500a7 7 0 0 1-12.300 4L5 14.500M5 19v-4.500h4.500",
  edit: "M14.500 6.500l3 3M5.500 18.500l.8-3.800L15.500 5.500a1.400 1.400 0 0 1 2 0l1 1a1.400 1.400 0 0 1 0 2L9.300 17.700z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
};

/** Return a line icon. It says nothing to a screen reader: the text beside it does. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Return a button that shows an icon and is called `label`. */
export function iconButton(name, label, onClick) {
  return el("button", { type: "button", className: "icon-button small", title: label, aria: { label }, onclick: onClick }, icon(name));
}
