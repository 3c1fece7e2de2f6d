// The overview below the timeline: all of the recording in one strip, and a window over what the timeline shows of it.
//
//   . | : . |||| . : |     the client's frames above the middle, the server's below; red where something went wrong
//        [======]          what is in sight
//
// Counted once for each width and length: drawing it costs as much as the strip is wide, however long the recording is.

const overview = { canvas: find("overview"), bars: null, made: "" };

function countBars(width) {
  const made = width + "/" + data.count + "/" + lanes.isTrue;
  if (overview.made === made) return overview.bars;
  const bars = { up: new Float64Array(width), down: new Float64Array(width), bad: new Uint8Array(width), most: 1 };
  for (let row = 0; row < data.count; row++) {
    if (data.way[row] === 2) continue;
    const x = Math.min(width - 1, Math.floor(spot(row) / span() * width));
    const side = data.way[row] === 0 ? bars.up : bars.down;
    // Bytes, but not as they are: a head of a hundred bytes must not vanish beside a message of a megabyte.
    side[x] += Math.log2(1 + data.len[row]);
    bars.most = Math.max(bars.most, side[x]);
    if (isBad(row)) bars.bad[x] = 1;
  }
  overview.made = made;
  return overview.bars = bars;
}

function drawOverview() {
  const { canvas } = overview, { box, colours } = lanes;
  const isNeeded = lanes.box.scrollWidth > box.clientWidth + 1 || lanes.all.length * LANE + AXIS > box.clientHeight;
  if (canvas.hidden === isNeeded) canvas.hidden = !isNeeded;
  if (!isNeeded) return;
  const width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1;
  if (width < 10) return;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const inner = width - 2 * EDGE, middle = height / 2, bars = countBars(inner);
  // Where there are few frames each has a bar that can be seen.
  const bar = Math.max(1, Math.min(5, Math.floor(inner / data.count / 2)));
  for (let x = 0; x < inner; x++) {
    const up = bars.up[x] / bars.most * (middle - 4), down = bars.down[x] / bars.most * (middle - 4);
    pen.fillStyle = colours[bars.bad[x] ? "bad" : "headers"];
    if (up) pen.fillRect(EDGE + x, middle - Math.max(1, up), bar, Math.max(1, up));
    pen.fillStyle = colours[bars.bad[x] ? "bad" : "ping"];
    if (down) pen.fillRect(EDGE + x, middle, bar, Math.max(1, down));
  }
  const toStrip = inner / (span() * unit());
  const from = EDGE + Math.max(0, box.scrollLeft - EDGE) * toStrip, wide = Math.max(6, room() * toStrip);
  pen.fillStyle = colours.accent;
  pen.globalAlpha = 0.14;
  pen.fillRect(from, 0, wide, height);
  pen.globalAlpha = 0.6;
  pen.strokeStyle = colours.accent;
  pen.strokeRect(from + 0.5, 0.5, wide - 1, height - 1);
  pen.globalAlpha = 1;
  if (chosen.row >= 0) pen.fillRect(EDGE + spot(chosen.row) / span() * inner, 0, 1.5, height);
}

// Goes to the frame at a place of the strip.
function goTo(event) {
  const edge = overview.canvas.getBoundingClientRect();
  const part = (event.clientX - edge.left - EDGE) / (edge.width - 2 * EDGE);
  choose(Math.min(data.count - 1, lowest(Math.max(0, part) * span(), data.count)));
}

overview.canvas.addEventListener("mousedown", goTo);
overview.canvas.addEventListener("mousemove", (event) => { if (event.buttons & 1) goTo(event); });
