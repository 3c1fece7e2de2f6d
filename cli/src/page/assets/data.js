"use strict";
// The data of the page: columns of rows, the texts and roles that their numbers stand for, and what is behind a row.
//
// In: packed blocks of this very file, or answers of the server that sent it. Out: `data`, and `detail(row)`. Nothing
// is decoded here but the packing: what bytes mean was worked out before.

const data = {
  name: "", tool: "", began: 0, live: false, warnings: [],
  count: 0,
  kind: [], conn: [], stream: [], way: [], at: [], len: [], marks: [], flags: [], remark: [], why: [],
  // The number that `wright explain` gives a frame; 0 for rows that are none.
  number: [],
  texts: [], whys: [], roles: [], conns: [], kinds: [], batch: 512,
  // Calls by connection and stream; `ended` counts those that the page need not be told again.
  calls: new Map(), ended: 0,
  // The rows of messages that lie in several; by row, the messages that it has a share in.
  spreads: [], spreadsOf: new Map(),
};

const BAD = 1, ENDS = 2;
const DATA = 0, LAST_FRAME = 10, CONN = 14;

const isBad = (row) => (data.marks[row] & BAD) !== 0;
const endsHalf = (row) => (data.marks[row] & ENDS) !== 0;
const isFrame = (row) => data.kind[row] <= LAST_FRAME;
const kindName = (row) => data.kinds[data.kind[row]][0];
const remarkOf = (row) => data.texts[data.remark[row]];
const callOf = (row) => data.stream[row] ? data.calls.get(data.conn[row] + "/" + data.stream[row]) : undefined;

const isOpen = (call) => call.end.startsWith("(still");

// Milliseconds, to the microsecond, as `wright explain` writes them.
const moment = (micros) => (micros / 1000).toFixed(3);

const COLUMNS = ["kind", "conn", "stream", "way", "at", "len", "marks", "flags", "remark", "why"];

// Takes in a table of contents, or what is new of it. Says whether there was anything.
function take(news) {
  for (const name of ["name", "tool", "began", "live", "warnings", "kinds", "batch"]) data[name] = news[name];
  for (const name of ["texts", "whys", "roles", "conns"]) for (const one of news[name]) data[name].push(one);
  for (const name of COLUMNS) {
    const column = data[name];
    for (const one of news.rows[name]) column.push(one);
  }
  let frames = data.number.reduce((most, one) => Math.max(most, one), 0);
  for (let row = data.count; row < data.kind.length; row++) data.number.push(isFrame(row) ? ++frames : 0);
  const grown = data.kind.length - data.count;
  data.count = data.kind.length;
  for (const call of news.calls.concat(news.open)) {
    const [conn, stream, method, end, isOk, took, up, down, means] = call;
    data.calls.set(conn + "/" + stream, { conn, stream, method, end, isOk, took, up, down, means });
  }
  data.ended += news.calls.length;
  for (const rows of news.spreads) {
    data.spreads.push(rows);
    for (const row of rows) data.spreadsOf.set(row, (data.spreadsOf.get(row) || []).concat([rows]));
  }
  return grown > 0 || news.calls.length > 0;
}

// How much the page knows, for whoever is asked for more.
const known = () => [data.count, data.texts.length, data.whys.length, data.roles.length, data.conns.length, data.ended,
  data.spreads.length].join(".");

// A block of this file: base64 of gzip of JSON.
async function block(element) {
  const letters = atob(element.textContent);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).json();
}

async function asked(what) {
  const answer = await fetch(what, { cache: "no-store" });
  if (!answer.ok) throw new Error("the server answers " + answer.status);
  return answer.json();
}

const isServed = document.getElementById("index") === null;

// The table of contents, or what is new of it.
const contents = () => isServed ? asked("index?known=" + known()) : block(document.getElementById("index"));

// Batches that were asked for, the latest last; a few are kept, for whoever goes back and forth.
const batches = new Map();
const KEPT_BATCHES = 24;

// What is behind a row: its bytes, and the tree over them.
async function detail(row) {
  const nth = Math.floor(row / data.batch), within = row % data.batch;
  let batch = await batches.get(nth);
  // The last batch of a recording that grows may have been asked for before this row was in it.
  if (batch === undefined || batch.rows.length <= within) {
    const loading = isServed ? asked("batch?nth=" + nth) : block(document.getElementById("batch-" + nth));
    batches.delete(nth);
    batches.set(nth, loading);
    if (batches.size > KEPT_BATCHES) batches.delete(batches.keys().next().value);
    batch = await loading;
  }
  const [letters, numbers, wholes] = batch.rows[within];
  return joined([[letters, numbers], ...wholes], batch.texts);
}

// The bytes of a frame, and after them those of the messages that end in it and that it does not show by itself.
//
//   bytes    [ frame ............ ][ message ......... ]      one numbering for both, so that all that points at
//   parts     start 0               start 45, title "..."     bytes need not know where they come from
function joined(parts, texts) {
  const all = { bytes: new Uint8Array(0), nodes: [], parts: [] };
  const pieces = parts.map(([letters]) => Uint8Array.from(atob(letters), (c) => c.charCodeAt(0)));
  all.bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let start = 0;
  parts.forEach(([, numbers], nth) => {
    const nodes = nodesOf(numbers, texts, start, all.nodes.length);
    const title = nth ? data.roles[nodes[0].role][0] + ", " + nodes[0].note : "";
    all.bytes.set(pieces[nth], start);
    all.parts.push({ start, end: start + pieces[nth].length, title });
    all.nodes.push(...nodes);
    start += pieces[nth].length;
  });
  return all;
}

// Five numbers make a node; its parent is the latest one that is less deep. `from` is where its bytes begin, `first` the
// number of the first node.
function nodesOf(numbers, texts, from, first) {
  const nodes = [], path = [];
  for (let at = 0; at < numbers.length; at += 5) {
    const [depth, start, len, role, text] = numbers.slice(at, at + 5);
    const node = { depth, start: from + start, end: from + start + len, from, role, note: texts[text], parent: depth ? path[depth - 1] : -1, leaf: true };
    if (node.parent >= 0) nodes[node.parent - first].leaf = false;
    path[depth] = first + nodes.length;
    nodes.push(node);
  }
  return nodes;
}

// An element with a class and text. Text is only ever set as text.
function make(name, kind, text) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}

const find = (id) => document.getElementById(id);
