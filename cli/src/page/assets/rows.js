// A list of any length of which only what is seen exists.
//
//   box         scrolls
//     spacer    as high as all rows together
//     rows      a screen of them, each moved to where it belongs, and used again for another when it leaves
//
// It does not know what a row shows: `fill(element, index)` does.

class Rows {
  constructor(box, height, shape, fill) {
    this.box = box;
    this.height = height;
    this.shape = shape;
    this.fill = fill;
    this.count = 0;
    this.pool = [];
    this.spacer = make("div", "spacer");
    this.spacer.setAttribute("role", "presentation");
    box.append(this.spacer);
    box.addEventListener("scroll", () => this.paintSoon(), { passive: true });
    new ResizeObserver(() => this.paint()).observe(box);
  }

  // There are this many rows now, and all of them may be different.
  set(count) {
    this.count = count;
    this.spacer.style.height = count * this.height + "px";
    // A row that is left where it was would keep the box as long as it was.
    for (const row of this.pool) row.element.hidden = true;
    this.refresh();
  }

  // Fills every row that is seen anew.
  refresh() {
    for (const row of this.pool) row.index = -1;
    this.paint();
  }

  paintSoon() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => this.paint());
  }

  paint() {
    this.waiting = 0;
    const { box, height, pool } = this;
    const seen = Math.ceil(box.clientHeight / height) + 1 + 2 * SPARE_ROWS;
    while (pool.length < seen) {
      const element = this.shape();
      element.hidden = true;
      box.append(element);
      pool.push({ element, index: -1 });
    }
    const first = Math.max(0, Math.floor(box.scrollTop / height) - SPARE_ROWS);
    for (let index = first; index < first + pool.length; index++) {
      // A row keeps its element as long as it is seen.
      const row = pool[index % pool.length];
      if (row.index === index) continue;
      row.index = index;
      row.element.hidden = index >= this.count;
      if (index >= this.count) continue;
      row.element.style.transform = "translateY(" + index * height + "px)";
      this.fill(row.element, index);
    }
  }

  // Scrolls as little as brings a row into sight.
  reveal(index) {
    const { box, height } = this;
    const top = index * height, bottom = top + height;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
    this.paint();
  }

  // The element of a row, if it exists.
  element(index) {
    const row = this.pool[index % this.pool.length];
    return row && row.index === index ? row.element : undefined;
  }

  get page() {
    return Math.max(1, Math.floor(this.box.clientHeight / this.height) - 1);
  }
}

// Beyond either edge, so that a short scroll shows rows at once.
const SPARE_ROWS = 4;
