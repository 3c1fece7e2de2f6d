// Keys, and the page of help that lists them.

const KEYS = [
  ["\u2191 \u2193  or  k j", "the frame before, the next", ["ArrowUp", "k"], () => step(-1)],
  ["", "", ["ArrowDown", "j"], () => step(1)],
  ["\u2190 \u2192", "walk through what the bytes mean", ["ArrowLeft"], () => chooseNode(nextLeaf(-1))],
  ["", "", ["ArrowRight"], () => chooseNode(nextLeaf(1))],
  ["[ ]", "the frame before and after of the same stream", ["["], () => walkLane(-1, 0)],
  ["", "", ["]"], () => walkLane(1, 0)],
  ["m", "of a message in several frames: where it is whole, and back", ["m"], toWhole],
  ["PgUp PgDn Home End", "a page, or all the way", ["PageUp"], () => step(-list.page)],
  ["", "", ["PageDown"], () => step(list.page)],
  ["", "", ["Home"], () => step(-data.count)],
  ["", "", ["End"], () => step(data.count)],
  ["/", "filter by text", ["/"], () => find("find").select()],
  ["e", "only errors", ["e"], () => press("errors", sift)],
  ["Esc", "no filter", ["Escape"], unfilter],
  ["+ - 0", "zoom the timeline; 0 is all of it", ["+", "="], () => zoomBy(1.5)],
  ["", "", ["-"], () => zoomBy(1 / 1.5)],
  ["", "", ["0"], fitLanes],
  ["s", "time to scale, or every frame the same room", ["s"], switchScale],
  ["t", "light, dark, or as the system has it", ["t"], switchTheme],
  ["?", "this page", ["?"], () => find("help").showModal()],
];

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || find("help").open) return;
  const isTyping = event.target.matches("input, select");
  if (isTyping && event.key === "Escape") {
    unfilter();
    find("list-box").focus();
  } else if (isTyping && event.target.id === "find" && ["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) {
    step(event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0);
  } else if (isTyping || (event.key === " " && event.target.matches("button"))) {
    return;
  } else if (event.target.id === "lanes-box" && event.key.startsWith("Arrow")) {
    const [along, across] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    walkLane(along, across);
  } else if (event.target.id === "tree-box" && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    chooseNode(Math.min(behind.nodes.length - 1, Math.max(0, chosen.node + (event.key === "ArrowUp" ? -1 : 1))));
  } else if (event.target.id === "why" && /^(Arrow(Up|Down)|Page|Home|End)/.test(event.key)) {
    return;
  } else {
    const known = KEYS.find(([, , keys]) => keys.includes(event.key));
    if (!known) return;
    known[3]();
  }
  event.preventDefault();
});

function unfilter() {
  for (const id of ["find", "stream", "kind"]) find(id).value = "";
  find("errors").setAttribute("aria-pressed", "false");
  sift();
}

// Light, dark, or whatever the system has; remembered where the browser lets a page remember.
const THEMES = ["auto", "light", "dark"];

function switchTheme() {
  const root = document.documentElement;
  dress(THEMES[(THEMES.indexOf(root.dataset.theme || "auto") + 1) % THEMES.length]);
  try { localStorage.setItem("wright-theme", root.dataset.theme); } catch { /* private windows and some files may not */ }
}

function dress(theme) {
  document.documentElement.dataset.theme = theme;
  find("theme").textContent = theme;
  readColours();
}

function switchScale() {
  press("scale", () => {
    lanes.isTrue = find("scale").getAttribute("aria-pressed") === "true";
    lanes.zoom = 1;
    sizeLanes();
    markLane();
  });
}

function fitLanes() {
  zoomBy(0);
}

function writeHelp() {
  for (const [keys, does] of KEYS) if (keys) find("keys").append(make("dt", "", keys), make("dd", "", does));
  for (const [name, sign, colour] of data.kinds) {
    if (sign.match(/[ex+]/)) continue;
    const item = make("li");
    const chip = make("span", "chip", sign);
    chip.dataset.colour = colour;
    item.append(chip, make("span", "", name));
    find("signs").append(item);
  }
  find("signs").append(make("li", "wide", "A full flag points to the server, an empty one to the client; a dot ends its sender's half of the stream."));
}

find("scale").addEventListener("click", () => { find("scale").setAttribute("aria-pressed", String(lanes.isTrue)); switchScale(); });
find("theme").addEventListener("click", switchTheme);
find("zoom-in").addEventListener("click", () => zoomBy(1.5));
find("zoom-out").addEventListener("click", () => zoomBy(1 / 1.5));
find("zoom-fit").addEventListener("click", fitLanes);
find("help-open").addEventListener("click", () => find("help").showModal());
