// The timeline: a lane for each stream, a flag for each frame, pointing to whom it is meant for.
//
//   gutter             who spoke when
//   conn 1             S> W>  <S <s  s>
//   s1 SayHello  OK             H> D>  <H <D <H
//
// Two scales: every frame the same room, and more where nobody spoke for long; or time as it was. Only lanes and frames
// that are seen are drawn, so it does not matter how many there are.

const lanes = {
  box: find("lanes-box"), canvas: find("lanes-canvas"), spacer: find("lanes-spacer"),
  all: [], byKey: new Map(), laneOf: [],
  // Where each row is: in units of the even scale, and in microseconds.
  even: [], isTrue: false,
  zoom: 1, hovered: -1, colours: {},
};

const LANE = 27, AXIS = 24, FLAG = 25, EDGE = 18;
const gutter = () => innerWidth < 1000 ? 150 : 216;

// Puts the rows from `first` on into lanes.
function layLanes(first) {
  const { even, byKey } = lanes;
  for (let row = first; row < data.count; row++) {
    const before = row ? data.at[row - 1] : data.at[0];
    const pause = Math.max(0, data.at[row] - before);
    // A tenfold pause gets as much more room as the last tenfold did; 50 us is about what a system call takes.
    even.push(row ? even[row - 1] + 1 + Math.min(4, Math.log10(1 + pause / 50) * 0.9) : 0);
    const key = data.conn[row] + "/" + data.stream[row];
    let lane = byKey.get(key);
    if (!lane) byKey.set(key, lane = { conn: data.conn[row], stream: data.stream[row], rows: [] });
    lane.rows.push(row);
    lanes.laneOf.push(lane);
  }
  lanes.all = [...byKey.values()].sort((a, b) => a.conn - b.conn || a.stream - b.stream);
  lanes.all.forEach((lane, nth) => { lane.nth = nth; });
}

const spot = (row) => lanes.isTrue ? data.at[row] - data.at[0] : lanes.even[row];
const span = () => data.count ? Math.max(1, lanes.isTrue ? Math.max(data.at[data.count - 1] - data.at[0], 1) : lanes.even[data.count - 1]) : 1;
const room = () => Math.max(50, lanes.box.clientWidth - gutter() - 2 * EDGE);
// Pixels for a unit: at zoom 1 all of it fits, or every flag can be read.
const unit = () => lanes.isTrue ? room() / span() * lanes.zoom : Math.max(room() / span(), FLAG + 3) * lanes.zoom;
const xOf = (row) => gutter() + EDGE + spot(row) * unit() - lanes.box.scrollLeft;
const yOf = (lane) => AXIS + lane.nth * LANE - lanes.box.scrollTop;

function sizeLanes() {
  const { box, spacer } = lanes;
  // Browsers lay out no more than some ten million pixels.
  spacer.style.width = Math.min(12e6, gutter() + 2 * EDGE + span() * unit()) + "px";
  spacer.style.height = AXIS + lanes.all.length * LANE + 6 + "px";
  if (box.clientWidth) drawSoon();
}

function zoomBy(factor, x) {
  const { box } = lanes;
  const at = x === undefined ? chosen.row >= 0 ? xOf(chosen.row) : box.clientWidth / 2 : x;
  const before = (at + box.scrollLeft - gutter() - EDGE) / unit();
  const least = lanes.isTrue ? 1 : Math.min(1, room() / span() / Math.max(room() / span(), FLAG + 3));
  const most = lanes.isTrue ? 11e6 / room() : Math.min(8, 11e6 / (span() * unit() / lanes.zoom));
  lanes.zoom = Math.min(Math.max(most, least), Math.max(least, lanes.zoom * factor));
  sizeLanes();
  box.scrollLeft = before * unit() + gutter() + EDGE - at;
}

let drawing = 0;
const drawSoon = () => { if (!drawing) drawing = requestAnimationFrame(draw); };

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ink", "quiet", "faint", "line", "panel", "lane", "accent", "good", "poor", "on-flag",
    "headers", "data", "settings", "ping", "window", "goaway", "bad", "quietly"];
  for (const name of names) lanes.colours[name] = style.getPropertyValue("--" + name).trim();
  lanes.colours.sans = style.getPropertyValue("--sans");
  drawSoon();
}

function draw() {
  drawing = 0;
  const { box, canvas, colours } = lanes;
  const width = box.clientWidth, height = box.clientHeight, ratio = devicePixelRatio || 1;
  if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.textBaseline = "middle";
  const first = Math.max(0, Math.floor((box.scrollTop) / LANE));
  const seen = lanes.all.slice(first, first + Math.ceil(height / LANE) + 1);
  if (chosen.row >= 0) {
    const x = xOf(chosen.row);
    pen.fillStyle = colours.accent;
    pen.globalAlpha = 0.35;
    if (x > gutter()) pen.fillRect(Math.round(x), AXIS, 1, height);
    pen.globalAlpha = 1;
  }
  for (const lane of seen) drawLane(pen, lane, width);
  drawAxis(pen, width);
  drawGutter(pen, seen, height);
  drawOverview();
}

// The rows of a lane between two places, by bisection.
function within(rows, from, to) {
  const at = (spotWanted) => {
    let low = 0, high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (spot(rows[middle]) < spotWanted) low = middle + 1; else high = middle;
    }
    return low;
  };
  return [at(from), at(to)];
}

function drawLane(pen, lane, width) {
  const { colours, box } = lanes, y = yOf(lane), scale = unit();
  const left = (box.scrollLeft - EDGE - FLAG) / scale, right = (box.scrollLeft + width) / scale;
  const [from, to] = within(lane.rows, left, right);
  const begin = xOf(lane.rows[0]), end = xOf(lane.rows[lane.rows.length - 1]);
  const hasFlags = scale >= FLAG - 1 && !lanes.isTrue || end - begin > 2 * FLAG;
  pen.fillStyle = colours.lane;
  if (lane.stream) {
    const edge = hasFlags ? FLAG / 2 + 3 : 5;
    const x = Math.max(begin - edge, -20), w = Math.min(end + edge, width + 20) - x;
    pen.beginPath();
    pen.roundRect(x, y + 2, Math.max(6, w), LANE - 4, 7);
    pen.fill();
  } else {
    pen.fillRect(gutter(), y + LANE / 2, width, 1);
  }
  // Where to scroll for what is not in sight.
  pen.fillStyle = colours.faint;
  pen.font = "600 15px " + colours.sans;
  pen.textAlign = "center";
  if (begin > width) pen.fillText("\u203a", width - 10, y + LANE / 2);
  if (end < gutter()) pen.fillText("\u2039", gutter() + 9, y + LANE / 2);
  const pitch = lanes.isTrue ? Infinity : scale;
  let drawn = -Infinity;
  for (let nth = from; nth < to; nth++) {
    const row = lane.rows[nth], x = xOf(row), next = nth + 1 < to ? xOf(lane.rows[nth + 1]) : Infinity;
    const isRoomy = pitch >= FLAG - 1 && x - drawn >= FLAG - 4;
    // Where flags do not fit, a stroke stands for a frame, and one stroke for many on the same pixel.
    if (isRoomy && (next - x >= FLAG - 4 || row === chosen.row)) drawn = flag(pen, row, x, y);
    else if (x - drawn >= 1 || row === chosen.row || isBad(row)) drawn = stroke(pen, row, x, y);
  }
}

function stroke(pen, row, x, y) {
  pen.fillStyle = lanes.colours[colourOf(row)];
  const isUp = data.way[row] === 0;
  pen.fillRect(x - 1, y + (isUp ? 5 : LANE / 2), 2, LANE / 2 - 5);
  if (row === chosen.row || row === lanes.hovered) ring(pen, x - 3, y + 3, 6, LANE - 6);
  return x;
}

// The sign of a frame on a flag that points right, to the server, or left, to the client.
function flag(pen, row, x, y) {
  const { colours } = lanes, colour = colours[colourOf(row)], way = data.way[row];
  const left = x - 11, right = x + 11, top = y + 5, bottom = y + LANE - 5, middle = y + LANE / 2, tip = 5;
  pen.beginPath();
  if (way === 0) {
    pen.moveTo(left, top); pen.lineTo(right - tip, top); pen.lineTo(right, middle); pen.lineTo(right - tip, bottom); pen.lineTo(left, bottom);
  } else if (way === 1) {
    pen.moveTo(right, top); pen.lineTo(left + tip, top); pen.lineTo(left, middle); pen.lineTo(left + tip, bottom); pen.lineTo(right, bottom);
  } else {
    pen.arc(x, middle, 4, 0, 7);
  }
  pen.closePath();
  pen.lineJoin = "round";
  pen.fillStyle = way === 1 ? colours.panel : colour;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.fill();
  pen.stroke();
  if (way < 2) {
    const sign = data.kinds[data.kind[row]][1] + (endsHalf(row) ? "." : "");
    pen.fillStyle = way === 1 ? colour : colours["on-flag"];
    pen.font = "700 11px " + colours.sans;
    pen.textAlign = "center";
    pen.fillText(sign, x + (way === 0 ? -1.5 : 1.5), middle + 0.5);
  }
  if (row === chosen.row || row === lanes.hovered) ring(pen, left - 3, top - 3, 28, LANE - 4);
  return x;
}

function ring(pen, x, y, w, h) {
  pen.strokeStyle = lanes.colours.accent;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.roundRect(x, y, w, h, 5);
  pen.stroke();
}

const colourOf = (row) => {
  const colour = isBad(row) ? "bad" : data.kinds[data.kind[row]][2];
  return colour === "quiet" ? "quietly" : colour;
};

// Moments, as many as can be read.
function drawAxis(pen, width) {
  const { colours, box } = lanes, scale = unit();
  pen.fillStyle = colours.panel;
  pen.fillRect(0, 0, width, AXIS);
  pen.fillStyle = colours.line;
  pen.fillRect(0, AXIS - 1, width, 1);
  pen.font = "11px " + colours.sans;
  pen.textAlign = "left";
  pen.fillStyle = colours.quiet;
  let free = gutter(), said = "";
  const tick = (x, micros) => {
    const text = digits(micros) + " ms";
    // What crossed at once has one moment.
    if (text === said) return;
    said = text;
    pen.fillStyle = colours.quiet;
    pen.fillText(text, x + 5, AXIS / 2);
    pen.fillStyle = colours.faint;
    pen.fillRect(x, AXIS - 8, 1, 7);
    free = x + pen.measureText(text).width + 28;
  };
  if (lanes.isTrue) {
    const wanted = 110 / scale, power = 10 ** Math.floor(Math.log10(wanted));
    const each = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= wanted);
    for (let at = Math.floor(box.scrollLeft / scale / each) * each; at * scale - box.scrollLeft < width; at += each) {
      const x = gutter() + EDGE + at * scale - box.scrollLeft;
      if (x >= free && x < width - 50) tick(x, data.at[0] + at);
    }
    return;
  }
  const rows = { length: data.count };
  let row = lowest(box.scrollLeft / scale, rows.length);
  for (; row < data.count; row++) {
    const x = xOf(row);
    if (x > width - 50) break;
    if (x >= free) tick(x, data.at[row]);
  }
}

// The first row at or after a place.
function lowest(wanted, high) {
  let low = 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spot(middle) < wanted) low = middle + 1; else high = middle;
  }
  return low;
}

const digits = (micros) => micros >= 1e7 ? (micros / 1000).toFixed(0) : (micros / 1000).toFixed(micros >= 1e5 ? 1 : 2);

// What each lane is: the call, how it ended, how long it took.
function drawGutter(pen, seen, height) {
  const { colours } = lanes, wide = gutter();
  pen.fillStyle = colours.panel;
  pen.fillRect(0, AXIS, wide, height);
  pen.fillStyle = colours.line;
  pen.fillRect(wide, 0, 1, height);
  for (const lane of seen) {
    const y = yOf(lane) + LANE / 2;
    if (y < AXIS + 6) continue;
    const call = data.calls.get(lane.conn + "/" + lane.stream);
    pen.textAlign = "left";
    pen.font = "11px " + colours.sans;
    pen.fillStyle = colours.quiet;
    const many = data.conns.length > 1;
    const where = lane.stream ? (many ? lane.conn + "/" : "") + "s" + lane.stream : lane.conn ? "conn " + lane.conn : "events";
    pen.fillText(where, 12, y);
    if (!call) continue;
    const x = 18 + Math.max(22, pen.measureText(where).width);
    pen.textAlign = "right";
    const took = wide < 200 ? "" : call.took;
    pen.fillText(took, wide - 10, y);
    const end = wide - 10 - (took ? pen.measureText(took).width + 8 : 0);
    pen.textAlign = "left";
    pen.fillStyle = call.isOk ? colours.good : isOpen(call) ? colours.quiet : colours.poor;
    pen.beginPath();
    pen.arc(x + 4, y, 3.5, 0, 7);
    pen.fill();
    pen.font = "600 12px " + colours.sans;
    pen.fillStyle = colours.ink;
    pen.fillText(fit(pen, call.method.split("/").pop(), end - x - 16), x + 13, y);
  }
  pen.fillStyle = colours.panel;
  pen.fillRect(0, 0, wide, AXIS - 1);
}

function fit(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let len = text.length;
  while (len > 1 && pen.measureText(text.slice(0, len) + "\u2026").width > width) len--;
  return text.slice(0, len) + "\u2026";
}

// Brings the chosen frame into sight.
function markLane() {
  const lane = lanes.laneOf[chosen.row];
  if (!lane) return;
  const { box } = lanes, x = xOf(chosen.row), y = yOf(lane);
  if (x < gutter() + EDGE + 20 || x > box.clientWidth - 40) box.scrollLeft += x - gutter() - (box.clientWidth - gutter()) / 2;
  if (y < AXIS) box.scrollTop += y - AXIS;
  else if (y + LANE > box.clientHeight) box.scrollTop += y + LANE - box.clientHeight + 2;
  drawSoon();
}

// The frame at a place of the canvas, or -1.
function rowAt(event) {
  const edge = lanes.box.getBoundingClientRect();
  const x = event.clientX - edge.left, y = event.clientY - edge.top;
  const lane = lanes.all[Math.floor((y - AXIS + lanes.box.scrollTop) / LANE)];
  if (!lane || x < gutter() || y < AXIS) return lane && y >= AXIS ? lane.rows[0] : -1;
  const reach = 13 / unit(), at = (x + lanes.box.scrollLeft - gutter() - EDGE) / unit();
  const [from, to] = within(lane.rows, at - reach, at + reach);
  let best = -1;
  for (let nth = from; nth < to; nth++) {
    if (best < 0 || Math.abs(spot(lane.rows[nth]) - at) < Math.abs(spot(best) - at)) best = lane.rows[nth];
  }
  return best;
}

// The next frame of the same stream, or one of the stream above or below at about the same time.
function walkLane(along, across) {
  const lane = lanes.laneOf[chosen.row];
  if (!lane) return;
  if (along) {
    const row = lane.rows[lane.rows.indexOf(chosen.row) + along];
    return row === undefined ? undefined : choose(row);
  }
  const other = lanes.all[lane.nth + across];
  if (!other) return;
  const [at] = within(other.rows, spot(chosen.row), Infinity);
  choose(other.rows[Math.min(at, other.rows.length - 1)]);
}
