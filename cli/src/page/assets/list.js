// The list of frames, and the filter above it.
//
// In: what is typed. Out: `shown`, the rows that fit, in order. Texts are shared by rows, so each is searched once.

let shown = [];

const list = new Rows(find("list-box"), 24, shapeLine, fillLine);

function shapeLine() {
  const line = make("div", "line");
  line.setAttribute("role", "option");
  for (const kind of ["number", "moment", "way", "chip", "stream", "says"]) line.append(make("span", kind));
  return line;
}

function fillLine(line, index) {
  const row = shown[index];
  const [number, at, way, chip, stream, says] = line.children;
  const [name, , colour] = data.kinds[data.kind[row]];
  line.id = "line-" + index;
  line.className = "line" + (isBad(row) ? " bad" : "") + (row === chosen.row ? " chosen" : "") + (isFrame(row) ? "" : " aside");
  line.setAttribute("aria-selected", row === chosen.row);
  line.setAttribute("aria-posinset", index + 1);
  line.setAttribute("aria-setsize", shown.length);
  line.dataset.way = data.way[row];
  number.textContent = data.number[row] || "";
  at.textContent = moment(data.at[row]);
  way.textContent = WAYS[data.way[row]];
  way.setAttribute("aria-label", ["client to server", "server to client", ""][data.way[row]]);
  chip.textContent = name;
  chip.dataset.colour = isBad(row) ? "bad" : colour;
  stream.textContent = data.stream[row] || "";
  const flags = data.texts[data.flags[row]];
  says.textContent = remarkOf(row) || flags;
  says.title = [flags, remarkOf(row)].filter(Boolean).join("  ");
}

const WAYS = ["\u2192", "\u2190", "\u00b7"];

// Columns are as wide as the longest number in them; each line is laid out by itself.
function widenColumns() {
  const most = data.stream.reduce((one, other) => Math.max(one, other), 0);
  find("list").style.setProperty("--number", Math.max(2, String(data.count).length));
  find("list").style.setProperty("--stream", Math.max(3, String(most).length));
}

// Applies the filter; keeps the chosen row in sight if it is still there.
function sift() {
  const text = find("find").value.trim().toLowerCase();
  const kind = find("kind").value === "" ? -1 : Number(find("kind").value);
  const stream = find("stream").value.trim() === "" ? -1 : Number(find("stream").value);
  const onlyBad = find("errors").getAttribute("aria-pressed") === "true";
  const fits = (texts) => texts.map((one) => text === "" || one.toLowerCase().includes(text));
  const inText = fits(data.texts), inKind = fits(data.kinds.map((one) => one[0]));
  shown = [];
  for (let row = 0; row < data.count; row++) {
    if (kind >= 0 && data.kind[row] !== kind) continue;
    if (stream >= 0 && data.stream[row] !== stream) continue;
    if (onlyBad && !isBad(row)) continue;
    if (inText[data.remark[row]] || inText[data.flags[row]] || inKind[data.kind[row]]) shown.push(row);
  }
  list.set(shown.length);
  const all = shown.length === data.count;
  find("count").textContent = all ? data.count.toLocaleString("en") + " rows"
    : shown.length.toLocaleString("en") + " of " + data.count.toLocaleString("en") + " rows";
  const at = placeOf(chosen.row);
  if (shown[at] === chosen.row) list.reveal(at);
}

// Where a row is among those that are shown, or where it would be.
function placeOf(row) {
  let low = 0, high = shown.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shown[middle] < row) low = middle + 1; else high = middle;
  }
  return low;
}

// The rows that are shown have one that is chosen.
function markLine() {
  const at = placeOf(chosen.row);
  list.refresh();
  if (shown[at] !== chosen.row) return;
  list.reveal(at);
  find("list-box").setAttribute("aria-activedescendant", "line-" + at);
}

// Chooses the row so many places further.
function step(by) {
  if (shown.length === 0) return;
  const here = placeOf(chosen.row);
  // From a row that the filter hides, the next one is the one in its place.
  const there = by > 0 && shown[here] !== chosen.row ? here + by - 1 : here + by;
  choose(shown[Math.min(shown.length - 1, Math.max(0, there))]);
}

find("list-box").addEventListener("mousedown", (event) => {
  const line = event.target.closest(".line");
  if (line) choose(shown[Number(line.id.slice(5))]);
});

find("filter").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["find", "stream"]) find(id).addEventListener("input", sift);
find("kind").addEventListener("change", sift);
find("errors").addEventListener("click", () => press("errors", sift));

function press(id, then) {
  const button = find(id);
  button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
  then();
}

// The types that the recording has.
function offerKinds() {
  widenColumns();
  const have = new Set(data.kind), select = find("kind"), before = select.value;
  select.replaceChildren(new Option("all types", ""));
  data.kinds.forEach(([name], kind) => { if (have.has(kind)) select.append(new Option(name, kind)); });
  select.value = before;
}
