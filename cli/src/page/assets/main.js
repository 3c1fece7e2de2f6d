// The page as a whole: which row and which bytes are chosen, and everything that follows from that.
//
//   #frame=7&byte=12    chooses; the address changes with what is chosen, so that it can be passed on
//   #row=3              rows count what is no frame, too: the preface, connections, events

const chosen = { row: -1, node: -1 };

// Chooses a row; its bytes come as soon as they are unpacked.
async function choose(row, byte) {
  if (row === undefined || row < 0 || row >= data.count) return;
  chosen.row = row;
  chosen.node = -1;
  markLine();
  markLane();
  let what;
  try {
    what = await detail(row);
  } catch (error) {
    return warn("the bytes of this frame cannot be had: " + error.message);
  }
  // Meanwhile another may have been chosen.
  if (chosen.row !== row) return;
  showBytes(what);
  if (byte !== undefined && byte < leafAt.length) chosen.node = leafAt[byte];
  markNode();
  showWhy();
  noteAddress();
}

function chooseNode(node) {
  if (node < 0) return;
  chosen.node = node;
  markNode();
  showWhy();
  noteAddress();
}

function noteAddress() {
  const { row, node } = chosen;
  const where = data.number[row] ? "frame=" + data.number[row] : "row=" + row;
  const byte = node >= 0 && behind.nodes[node] ? "&byte=" + behind.nodes[node].start : "";
  history.replaceState(null, "", "#" + where + byte);
}

// Chooses what the address names, or the first head of a call, where most stories begin.
function followAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  const frame = Number(words.get("frame")), byte = words.has("byte") ? Number(words.get("byte")) : undefined;
  let row = words.has("row") ? Number(words.get("row")) : frame ? data.number.indexOf(frame) : -1;
  if (!(row >= 0 && row < data.count)) row = Math.max(0, data.kind.findIndex((kind, row) => kind <= LAST_FRAME && data.stream[row] > 0));
  if (words.has("find")) find("find").value = words.get("find");
  if (words.has("theme")) dress(words.get("theme"));
  if (words.has("find")) sift();
  return choose(row, byte);
}

function warn(text) {
  find("warning").textContent = text;
  find("warning").hidden = text === "";
}

const plural = (count, word) => count.toLocaleString("en") + " " + word + (count === 1 ? "" : "s");

function showHead() {
  document.title = data.name + " \u2013 wright";
  find("name").textContent = data.name;
  const frames = data.number.reduce((most, one) => Math.max(most, one), 0);
  const lasted = data.count ? data.at[data.count - 1] - data.at[0] : 0;
  const poor = [...data.calls.values()].filter((call) => !call.isOk && !isOpen(call)).length;
  const parts = [plural(frames, "frame"), plural(data.calls.size, "call") + (poor ? ", " + poor + " not OK" : ""),
    plural(data.conns.length, "connection"), digits(lasted) + " ms"];
  find("summary").textContent = parts.join("  \u00b7  ");
  find("summary").title = data.tool + (data.began ? "  " + new Date(data.began).toISOString() : "");
  find("live").hidden = !data.live;
  warn(data.warnings.join("; "));
}

// A recording that grows: whoever looks at its last row wants to see the next one.
async function listen() {
  for (;;) {
    const wasLast = chosen.row === data.count - 1, first = data.count;
    try {
      // The answer waits until there is something to tell, and sometimes comes without.
      const hasGrown = take(await contents());
      showHead();
      if (!hasGrown) continue;
    } catch {
      find("live").classList.add("lost");
      find("live-text").textContent = "the server is gone";
      find("live").hidden = false;
      return;
    }
    layLanes(first);
    offerKinds();
    sift();
    sizeLanes();
    if (chosen.row < 0 || wasLast) choose(first === 0 ? 0 : data.count - 1); else showWhy();
  }
}

async function begin() {
  let theme = "auto";
  try { theme = localStorage.getItem("wright-theme") || "auto"; } catch { /* see switchTheme */ }
  dress(theme);
  take(await contents());
  layLanes(0);
  offerKinds();
  writeHelp();
  showHead();
  sift();
  sizeLanes();
  await followAddress();
  // For whoever measures: from the first byte of the page to the last of its first screen.
  document.documentElement.dataset.openedMs = Math.round(performance.now());
  addEventListener("hashchange", followAddress);
  if (isServed) listen();
}

lanes.box.addEventListener("scroll", drawSoon, { passive: true });
lanes.box.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoomBy(Math.exp(-event.deltaY / 300), event.clientX - lanes.box.getBoundingClientRect().left);
}, { passive: false });
lanes.box.addEventListener("mousedown", (event) => { if (rowAt(event) >= 0) choose(rowAt(event)); });
lanes.box.addEventListener("mousemove", (event) => {
  const row = rowAt(event), tip = find("tip");
  if (row !== lanes.hovered) drawSoon();
  lanes.hovered = row;
  tip.hidden = row < 0;
  if (row < 0) return;
  const remark = remarkOf(row), number = data.number[row] ? "#" + data.number[row] + "  " : "";
  tip.textContent = number + kindName(row) + "  " + moment(data.at[row]) + " ms" + (remark ? "  " + remark : "");
  const edge = find("lanes").getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(event.clientX - edge.left + 12, edge.width - tip.offsetWidth - 8)) + "px";
  tip.style.top = Math.min(event.clientY - edge.top + 16, edge.height - 28) + "px";
});
lanes.box.addEventListener("mouseleave", () => { lanes.hovered = -1; find("tip").hidden = true; drawSoon(); });
// Before the browser paints, so that no size is ever seen empty.
new ResizeObserver(() => { sizeLanes(); draw(); }).observe(lanes.box);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColours);

begin().catch((error) => warn("this page cannot be shown: " + error.message));
