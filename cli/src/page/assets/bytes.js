// The bytes of the chosen row, and the tree of what they mean: point at either, and the other lights up.
//
//   offset   bytes, coloured by what they are               letters
//   0000     00 00 0c 00 01 00 00 00 01 00 00 00 00 07 ..   ..............
//   unfolded message, 300 B out of 31 B of gzip                             what the frame does not show by itself
//   0000     0a 05 ..
//
// A byte belongs to one leaf of the tree; `leafAt` says to which.

let behind = { bytes: new Uint8Array(0), nodes: [], parts: [] };
// For each byte, the number of its leaf.
let leafAt = new Int32Array(0);
// The node that is pointed at, or -1.
let pointed = -1;

const hex = new Rows(find("hex-box"), 22, shapeHex, fillHex);
const tree = new Rows(find("tree-box"), 23, shapeNode, fillNode);

// Sixteen bytes in a line where they fit, else eight.
let wide = 16;

function shapeHex() {
  const line = make("div", "hexline");
  line.append(make("span", "offset"), make("span", "cells"), make("span", "letters"), make("span", "title"));
  for (const part of [line.children[1], line.children[2]]) {
    for (let nth = 0; nth < 16; nth++) part.append(make("span"));
  }
  return line;
}

// What a line shows: bytes from `at` on, of a part; or, where `at` is none, the title of a part.
function lineOf(index) {
  let part = behind.parts[0];
  for (const one of behind.parts) if (one.line <= index) part = one;
  const nth = index - part.line - (part.title ? 1 : 0);
  return { part, at: nth < 0 ? -1 : part.start + nth * wide };
}

// The line in which a byte stands.
function lineAt(byte) {
  const part = behind.parts.find((one) => byte < one.end) || behind.parts[0];
  return part.line + (part.title ? 1 : 0) + Math.floor((byte - part.start) / wide);
}

function fillHex(line, index) {
  const [offset, cells, letters, title] = line.children;
  const { part, at: from } = lineOf(index);
  title.textContent = title.title = from < 0 ? part.title : "";
  title.hidden = from >= 0;
  offset.textContent = from < 0 ? "" : (from - part.start).toString(16).padStart(4, "0");
  offset.hidden = cells.hidden = letters.hidden = from < 0;
  for (let nth = 0; nth < 16; nth++) {
    const at = from + nth;
    const isThere = from >= 0 && nth < wide && at < part.end;
    const cell = cells.children[nth], letter = letters.children[nth];
    cell.hidden = letter.hidden = nth >= wide;
    cell.className = letter.className = "";
    cell.textContent = letter.textContent = "";
    delete cell.dataset.at;
    delete letter.dataset.at;
    if (!isThere) continue;
    const byte = behind.bytes[at], leaf = leafAt[at];
    cell.textContent = byte.toString(16).padStart(2, "0");
    letter.textContent = byte > 32 && byte < 127 ? String.fromCharCode(byte) : "\u00b7";
    cell.className = letter.className = look(at, leaf, nth);
    cell.dataset.at = letter.dataset.at = at;
  }
}

// How a byte looks: the colour of its family, where its leaf begins and ends, and whether it is lit.
function look(at, leaf, nth) {
  if (leaf < 0) return "b";
  const { start, end, role, alt } = behind.nodes[leaf];
  let classes = "b " + data.roles[role][4] + (alt ? " alt" : "");
  if (at === start || nth === 0) classes += " first";
  if (at === end - 1 || nth === wide - 1) classes += " last";
  if (isWithin(at, chosen.node)) classes += " chosen";
  if (isWithin(at, pointed)) classes += " lit";
  return classes;
}

const isWithin = (at, node) => node >= 0 && node < behind.nodes.length
  && behind.nodes[node].start <= at && at < behind.nodes[node].end;

function shapeNode() {
  const line = make("div", "node");
  line.setAttribute("role", "treeitem");
  line.append(make("span", "swatch"), make("span", "role"), make("span", "note"), make("span", "place"));
  return line;
}

function fillNode(line, index) {
  const { depth, start, end, from, role, note, leaf } = behind.nodes[index];
  const [swatch, name, text, place] = line.children;
  line.id = "node-" + index;
  line.className = "node " + (leaf ? "leaf" : "branch") + (index === chosen.node ? " chosen" : "")
    + (index === pointed || isWithin(start, pointed) && isWithin(end - 1, pointed) ? " lit" : "");
  line.setAttribute("aria-level", depth + 1);
  line.setAttribute("aria-selected", index === chosen.node);
  line.style.paddingInlineStart = 10 + depth * 16 + "px";
  swatch.className = "swatch " + data.roles[role][4];
  name.textContent = data.roles[role][0];
  text.textContent = note;
  text.title = note;
  place.textContent = placeOfBytes(start - from, end - from, "\u2013");
}

const placeOfBytes = (start, end, to) => end - start < 2 ? String(start) : start + to + (end - 1);

// Shows what is behind a row.
function showBytes(what) {
  behind = what;
  leafAt = new Int32Array(what.bytes.length).fill(-1);
  what.nodes.forEach((node, nth) => { if (node.leaf) leafAt.fill(nth, node.start, node.end); });
  // Neighbours on the outermost level differ by a shade, so that one sees where a field ends.
  let outer = 0;
  for (const node of what.nodes) node.alt = (node.depth === 0 ? ++outer : outer) % 2 === 1;
  pointed = -1;
  const title = find("bytes-title");
  const row = chosen.row;
  title.replaceChildren(make("span", "", (data.number[row] ? "#" + data.number[row] + " " : "") + kindName(row)));
  const own = what.parts[0].end;
  title.append(make("small", "", own ? own.toLocaleString("en") + " bytes" : "no bytes of its own"));
  hex.box.scrollTop = tree.box.scrollTop = 0;
  measure();
  tree.set(what.nodes.length);
}

// Lays the lines of bytes out for the room that there is.
function measure() {
  // Of the pane, because a scroll bar comes and goes with the number of lines.
  wide = find("bytes").clientWidth >= 508 ? 16 : 8;
  let lines = 0;
  for (const part of behind.parts) {
    part.line = lines;
    lines += (part.title ? 1 : 0) + Math.ceil((part.end - part.start) / wide);
  }
  find("hex-box").style.height = Math.min(9, Math.max(1, lines)) * hex.height + 13 + "px";
  hex.set(lines);
}

// Lights a node, and what lies in it.
function point(node) {
  if (node === pointed) return;
  pointed = node;
  hex.refresh();
  tree.refresh();
}

// Lights the node that is chosen, and brings it into sight on both sides.
function markNode() {
  hex.refresh();
  tree.refresh();
  if (chosen.node < 0 || chosen.node >= behind.nodes.length) return;
  tree.reveal(chosen.node);
  // As much of it as fits, from its first line, or the title above that.
  const { start, end } = behind.nodes[chosen.node], first = lineAt(start);
  const isTitled = behind.parts.some((part) => part.title && part.start === start);
  hex.reveal(Math.min(lineAt(Math.max(start, end - 1)), first + hex.page - 1));
  hex.reveal(first - (isTitled ? 1 : 0));
  find("tree-box").setAttribute("aria-activedescendant", "node-" + chosen.node);
}

// The leaf so many places further; from nowhere, the first.
function nextLeaf(by) {
  const leaves = behind.nodes.flatMap((node, nth) => node.leaf ? [nth] : []);
  if (leaves.length === 0) return -1;
  const here = leaves.findIndex((leaf) => leaf >= chosen.node);
  if (chosen.node < 0 || here < 0) return by > 0 ? leaves[0] : leaves[leaves.length - 1];
  // From a branch, the next leaf is the first that lies in it.
  const there = leaves[here] !== chosen.node && by > 0 ? here : here + by;
  return leaves[Math.min(leaves.length - 1, Math.max(0, there))];
}

const byteOf = (event) => event.target.dataset.at === undefined ? -1 : Number(event.target.dataset.at);
const nodeOf = (event) => {
  const line = event.target.closest(".node");
  return line ? Number(line.id.slice(5)) : -1;
};

find("hex-box").addEventListener("mouseover", (event) => point(byteOf(event) < 0 ? -1 : leafAt[byteOf(event)]));
find("hex-box").addEventListener("mouseleave", () => point(-1));
find("hex-box").addEventListener("mousedown", (event) => { if (byteOf(event) >= 0) chooseNode(leafAt[byteOf(event)]); });
find("tree-box").addEventListener("mouseover", (event) => point(nodeOf(event)));
find("tree-box").addEventListener("mouseleave", () => point(-1));
find("tree-box").addEventListener("mousedown", (event) => { if (nodeOf(event) >= 0) chooseNode(nodeOf(event)); });
new ResizeObserver(measure).observe(find("bytes"));
