// Why: the chosen frame in plain words, then the chosen bytes, each with the section that says it exactly.

function showWhy() {
  const { row, node } = chosen;
  const [section, address, text] = data.whys[data.why[row]] || ["", "", ""];
  const parts = [aboutFrame(row), paragraph(text, section, address)];
  if (node >= 0 && node < behind.nodes.length) parts.push(aboutBytes(node));
  parts.push(...(data.spreadsOf.get(row) || []).map((rows) => aboutSpread(row, rows)));
  const call = callOf(row);
  if (call) parts.push(aboutCall(call));
  find("why-text").replaceChildren(...parts);
}

const SPEAKERS = ["the client says", "the server says", ""];

function aboutFrame(row) {
  const head = make("div", "about");
  const title = make("h3");
  title.append(make("span", "chip", kindName(row)));
  title.firstChild.dataset.colour = isBad(row) ? "bad" : data.kinds[data.kind[row]][2];
  title.append(make("span", "", remarkOf(row)));
  const facts = [
    SPEAKERS[data.way[row]],
    moment(data.at[row]) + " ms",
    data.conn[row] ? "connection " + data.conn[row] + (data.stream[row] ? ", stream " + data.stream[row] : "") : "",
    data.texts[data.flags[row]],
  ];
  head.append(title, make("p", "facts", facts.filter(Boolean).join("  \u00b7  ")));
  return head;
}

function paragraph(text, section, address) {
  const paragraph = make("p", "because", text + " ");
  if (section) paragraph.append(cite(section, address));
  return paragraph;
}

// A section, and where it can be read; without an address only its name.
function cite(section, address) {
  // The number of an RFC and that of its section stay together.
  const name = section.startsWith("RFC") ? section.replaceAll(" ", "\u00a0") : section;
  if (!address) return make("span", "section", name);
  const link = make("a", "section", name);
  link.href = address;
  link.rel = "noreferrer noopener";
  link.target = "_blank";
  return link;
}

// The chosen node, and what it lies in, to the outermost.
function aboutBytes(node) {
  const box = make("div", "bytes-why");
  const path = [];
  for (let at = node; at >= 0; at = behind.nodes[at].parent) path.push(at);
  const { start, end, from } = behind.nodes[node];
  const where = (end - start === 1 ? "Byte " : "Bytes ") + placeOfBytes(start - from, end - from, " to ");
  box.append(make("h4", "", where + (from ? " of the message" : "")));
  const steps = make("ol", "path");
  for (const at of path) {
    const { role, note } = behind.nodes[at];
    const [name, section, address, why, family] = data.roles[role];
    const item = make("li", family);
    const line = make("p", "what");
    line.append(make("b", "", name), make("span", "", note));
    item.append(line, paragraph(why, section, address));
    steps.append(item);
  }
  box.append(steps);
  return box;
}

// A message that lies in several frames: where it begins, where it is whole, and where this is between them.
function aboutSpread(row, rows) {
  const box = make("div", "spread"), last = rows[rows.length - 1];
  box.append(make("h4", "", "A message in " + rows.length + " frames"));
  const here = rows.indexOf(row) + 1;
  const what = row === last ? "It is whole with this frame, and told below the frame's own bytes."
    : "This frame has share " + here + " of it; its fields are told where it is whole.";
  box.append(make("p", "because", what));
  for (const [to, name] of [[rows[0], "begins in #"], [last, "whole in #"]]) {
    if (to === row) continue;
    const button = make("button", "", name + data.number[to]);
    button.type = "button";
    button.addEventListener("click", () => to === last ? showWhole(to) : choose(to));
    box.append(button);
  }
  return box;
}

// Chooses a row and, of what is behind it, the message that is whole there.
async function showWhole(row) {
  await choose(row);
  if (chosen.row === row) chooseNode(behind.nodes.findIndex((node) => node.from > 0));
}

// From any share of a message to where it is whole, and from there to its first share.
function toWhole() {
  const rows = (data.spreadsOf.get(chosen.row) || []).at(-1);
  if (rows) rows.at(-1) === chosen.row ? choose(rows[0]) : showWhole(rows.at(-1));
}

function aboutCall(call) {
  const box = make("div", "call");
  box.append(make("h4", "", "The call"));
  const title = make("p", "method", call.method || "(its head was not heard)");
  const end = make("p", "end");
  end.append(make("b", call.isOk ? "good" : isOpen(call) ? "" : "poor", call.end), make("span", "", call.took));
  box.append(title, end);
  if (call.means) box.append(make("p", "means", call.means));
  box.append(cost("up", call.up), cost("down", call.down));
  const only = make("button", "", "only stream " + call.stream);
  only.type = "button";
  only.addEventListener("click", () => {
    find("stream").value = call.stream;
    sift();
  });
  box.append(only);
  return box;
}

function cost(way, [count, content, total]) {
  const words = plural(count, "message") + (count ? " of " + content + " B" : "") + ", " + total + " B on the wire";
  const line = make("p", "cost");
  line.append(make("span", "", way), make("span", "", words));
  return line;
}
