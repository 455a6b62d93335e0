"use strict";
// Draws the charts of a report as SVG from plain data. Names only ever become text, never markup.
const charts = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const CHARACTER = 6.5; // A mean width in px of the 11 px labels.
  const thousands = (number) => number.toLocaleString("en");
  const counted = (number, word) => `${thousands(number)} ${word}${number === 1 ? "" : "s"}`;
  const narrow = () => innerWidth < 700;

  function add(parent, name, attributes = {}, text = "") {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  }
  function canvas(place, width, height) {
    const made = document.createElementNS(SVG, "svg");
    made.setAttribute("viewBox", `0 0 ${width} ${height}`);
    made.setAttribute("width", width);
    made.setAttribute("height", height);
    // The table below has the same, in a form that can be read out.
    made.setAttribute("aria-hidden", "true");
    place.replaceChildren(made);
    return made;
  }
  function shortened(text, width, ending = false) {
    const fit = Math.floor(width / CHARACTER);
    if (text.length <= fit) return text;
    if (fit < 3 || text.startsWith("+")) return "";
    return ending ? `…${text.slice(1 - fit)}` : `${text.slice(0, fit - 1)}…`;
  }
  function middle(text, width) {
    const fit = Math.max(6, Math.floor(width / CHARACTER));
    const half = Math.floor((fit - 1) / 2);
    return text.length <= fit ? text : `${text.slice(0, half)}…${text.slice(-half)}`;
  }
  function ticksTo(most, count) {
    const rough = Math.max(1, most / count);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    return Array.from({ length: Math.floor(most / step) + 1 }, (_, n) => n * step);
  }

  // -- what the pointer is on ---------------------------------------------------------------
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("aria-hidden", "true");
  tip.hidden = true;
  document.body.append(tip);
  addEventListener("pointermove", (event) => {
    const on = event.target.closest && event.target.closest("[data-tip]");
    tip.hidden = !on;
    if (!on) return;
    tip.textContent = on.dataset.tip;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 18;
    const fits = below + tip.offsetHeight < innerHeight;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${fits ? below : Math.max(8, event.clientY - tip.offsetHeight - 10)}px`;
  }, { passive: true });
  document.documentElement.addEventListener("pointerleave", () => { tip.hidden = true; });

  // -- icicle: who loads what, as wide as its lines -----------------------------------------
  const ROW = 40;
  const SLIVER = 9;
  function treeOf(data) {
    if (data.tree) return data.tree;
    const { modules } = data;
    const below = modules.map(() => []);
    let root = 0;
    modules.forEach((m, i) => { if (m.parent < 0) root = i; else below[m.parent].push(i); });
    const total = modules.map((m) => m.lines);
    const order = [root];
    for (let i = 0; i < order.length; i += 1) order.push(...below[order[i]]);
    for (const i of [...order].reverse()) {
      if (modules[i].parent >= 0) total[modules[i].parent] += total[i];
    }
    below.forEach((ids) => ids.sort((a, b) => total[b] - total[a]));
    data.tree = { below, root, total };
    return data.tree;
  }
  function icicle(place, data) {
    const { modules } = data;
    const { below, root, total } = treeOf(data);
    place.look = place.look || { level: root, skip: 0, at: root, keys: false };
    const { look } = place;
    const depth = Math.min(narrow() ? 5 : 7, data.levels);
    const width = place.clientWidth;
    const top = look.level === root && !look.skip ? 0 : 28;
    const svg = canvas(place, width, top + ROW * depth);
    const go = (level, skip = 0) => {
      Object.assign(look, { level, skip, at: level });
      icicle(place, data);
    };
    const drawBlock = (kind, x, y, wide, high, colours, words) => {
      const group = add(svg, "g", { class: kind, "data-tip": words.tip });
      add(group, "rect", { x, y, width: Math.max(0, wide - 1), height: high - 1, ...colours.rect });
      const fill = { fill: colours.ink };
      const name = shortened(words.name, wide - 6);
      if (name) add(group, "text", { x: x + 5, y: y + 15, ...fill }, name);
      const more = words.more && shortened(words.more, wide - 8);
      if (more && more === words.more) add(group, "text", { x: x + 5, y: y + 31, class: "more", ...fill }, more);
      return group;
    };
    function block(i, x, wide, row) {
      const m = modules[i];
      const names = m.module.split(".");
      const ids = below[i].slice(row ? 0 : look.skip);
      const skipped = below[i].length - ids.length;
      const deeper = ids.length && row + 1 >= depth ? " ▾" : "";
      const group = drawBlock("slice", x, top + ROW * row, wide, ROW,
        { rect: { fill: m.colour }, ink: m.ink },
        { name: names[names.length - 1], more: thousands(total[i]) + deeper,
          tip: `${m.module}\n${counted(m.lines, "line")} of its own, ${thousands(total[i])} with ` +
            `what it loads first\n${m.by ? `loaded by ${m.by}` : "the root"}` });
      group.dataset.module = m.module;
      if (look.keys && look.at === i) group.classList.add("here");
      group.addEventListener("click", () => go(i));
      if (row + 1 >= depth) return;
      const whole = skipped ? ids.reduce((sum, id) => sum + total[id], 0) : total[i];
      const scale = whole ? wide / whole : 0;
      let at = x;
      for (let n = 0; n < ids.length; n += 1) {
        const size = total[ids[n]] * scale;
        const rest = ids.slice(n);
        if (size < SLIVER && rest.length > 1) {
          others(i, rest, skipped * !row + n, at, scale, row + 1);
          return;
        }
        block(ids[n], at, size, row + 1);
        at += size;
      }
    }
    // What is too thin to be seen or hit stands together, and opens with a click.
    function others(parent, ids, skip, x, scale, row) {
      const lines = ids.reduce((sum, id) => sum + total[id], 0);
      if (lines * scale < 2) return;
      const names = ids.slice(0, 8).map((id) => modules[id].module).join("\n");
      const group = drawBlock("slice others", x, top + ROW * row, lines * scale, ROW,
        { rect: {}, ink: "var(--ink)" },
        { name: lines * scale > 68 ? `${ids.length} others` : `+${ids.length}`, more: thousands(lines),
          tip: `${ids.length} smaller modules, ${counted(lines, "line")} with what they load first` +
            `\n${names}${ids.length > 8 ? "\n…" : ""}\nclick to look at them` });
      group.addEventListener("click", () => go(parent, skip));
    }
    block(look.level, 0, width, 0);
    if (top) {
      const path = [];
      for (let i = look.level; i >= 0; i = modules[i].parent) path.unshift(i);
      if (!look.skip) path.pop();
      let x = 0;
      for (const i of path) {
        const name = `${modules[i].module.split(".").pop()} ›`;
        const wide = Math.min(width / path.length, name.length * CHARACTER + 14);
        drawBlock("pathbar", x, 0, wide, 23, { rect: {}, ink: "var(--ink)" },
          { name, tip: `back to ${modules[i].module}` }).addEventListener("click", () => go(i));
        x += wide;
      }
    }
    place.data = { level: modules[look.level].module, at: modules[look.at].module };
    if (!place.dataset.walked) walk(place, data, go);
  }
  // By arrows: down to what a module loads, across to what is loaded beside it.
  function walk(place, data, go) {
    place.dataset.walked = "yes";
    const { modules } = data;
    const { below, root, total } = treeOf(data);
    const said = document.getElementById(`${place.id}-said`);
    const tell = () => {
      const { at } = place.look;
      const m = modules[at];
      said.textContent = `${m.module}: ${counted(m.lines, "line")} of its own, ` +
        `${thousands(total[at])} with what it loads first; ` +
        `${m.by ? `loaded by ${m.by}` : "the root"}; ${counted(below[at].length, "module")} below it.`;
      place.look.keys = true;
      icicle(place, data);
    };
    place.addEventListener("keydown", (event) => {
      const { look } = place;
      const above = modules[look.at].parent;
      const beside = above < 0 ? [look.at] : below[above];
      const here = beside.indexOf(look.at);
      const next = { ArrowUp: above < 0 ? look.at : above, ArrowDown: below[look.at][0] ?? look.at,
        ArrowLeft: beside[here - 1] ?? look.at, ArrowRight: beside[here + 1] ?? look.at,
        Escape: root }[event.key];
      if (next === undefined && event.key !== "Enter") return;
      event.preventDefault();
      if (next === undefined || event.key === "Escape") go(next ?? look.at);
      else look.at = next;
      tell();
    });
    place.addEventListener("focus", () => { if (place.matches(":focus-visible")) tell(); });
  }

  // -- bars with their labels above them: those are long, and a phone is narrow -------------
  function bars(place, data) {
    const { groups, rows, unit } = data;
    const width = place.clientWidth;
    const each = 24 + 15 * groups.length;
    const svg = canvas(place, width, each * rows.length + 24);
    const most = Math.max(1, ...rows.flatMap((row) => row.values));
    const scale = (width - 60) / most;
    rows.forEach((row, n) => {
      const y = n * each;
      add(svg, "text", { x: 0, y: y + 13, "data-tip": row.label }, middle(row.label, width));
      row.values.forEach((value, g) => {
        const group = add(svg, "g", { "data-tip": `${row.label}\n${counted(value, unit)} ${groups[g].name}` });
        const at = y + 18 + 15 * g;
        add(group, "rect", { x: 0, y: at, width: value * scale, height: 13, fill: groups[g].colour });
        if (value) add(group, "text", { x: value * scale + 4, y: at + 11 }, thousands(value));
      });
    });
    add(svg, "text", { x: 0, y: each * rows.length + 16, class: "axis" }, `in ${unit}s`);
  }

  // -- stacked rows -------------------------------------------------------------------------
  function stacked(place, data) {
    const { groups, rows, unit } = data;
    const width = place.clientWidth;
    const left = narrow() ? 130 : 210;
    const svg = canvas(place, width, rows.length * 20 + 36);
    const most = Math.max(1, ...rows.map((row) => row.values.reduce((a, b) => a + b, 0)));
    const scale = (width - left - 16) / most;
    for (const tick of ticksTo(most, narrow() ? 3 : 8)) {
      const x = left + tick * scale;
      add(svg, "line", { x1: x, x2: x, y1: 0, y2: rows.length * 20, class: "grid" });
      add(svg, "text", { x, y: rows.length * 20 + 14, class: "axis", "text-anchor": "middle" }, thousands(tick));
    }
    rows.forEach((row, n) => {
      const label = shortened(row.label, left - 8, true);
      add(svg, "text", { x: left - 6, y: n * 20 + 14, "text-anchor": "end", "data-tip": row.label }, label);
      let x = left;
      row.values.forEach((value, g) => {
        if (!value) return;
        add(svg, "rect", { x, y: n * 20 + 2, width: value * scale, height: 16, fill: groups[g].colour,
          "data-tip": `${row.label}\n${counted(value, unit)}: ${groups[g].name}` });
        x += value * scale;
      });
    });
    add(svg, "text", { x: left, y: rows.length * 20 + 30, class: "axis" }, `${unit}s`);
  }

  // -- columns by month ---------------------------------------------------------------------
  const NAMES = ["January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December"];
  function months(place, data) {
    const { groups, rows, unit } = data;
    const number = (month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
    const at = rows.map((row) => number(row.month));
    const [first, last] = [Math.min(...at), Math.max(...at)];
    const [width, height, left, foot] = [place.clientWidth, 260, 40, 24];
    const svg = canvas(place, width, height + foot);
    const most = Math.max(1, ...rows.map((row) => row.values.reduce((a, b) => a + b, 0)));
    const across = (width - left - 4) / (last - first + 1);
    const up = (height - 24) / most;
    for (const tick of ticksTo(most, 5)) {
      const y = height - tick * up;
      add(svg, "line", { x1: left, x2: width, y1: y, y2: y, class: "grid" });
      add(svg, "text", { x: left - 5, y: y + 4, class: "axis", "text-anchor": "end" }, thousands(tick));
    }
    add(svg, "text", { x: 0, y: 11, class: "axis" }, `${unit}s a month`);
    const years = Math.floor(last / 12) - Math.ceil(first / 12) + 1;
    const every = Math.max(1, Math.ceil(years / Math.max(1, (width - left) / 48)));
    for (let year = Math.ceil(first / 12); year * 12 <= last; year += every) {
      const x = left + (year * 12 - first) * across;
      add(svg, "line", { x1: x, x2: x, y1: height, y2: height + 5, class: "grid" });
      const anchor = width - x < 32 ? "end" : "start";
      add(svg, "text", { x: x + 2, y: height + 17, class: "axis", "text-anchor": anchor }, String(year));
    }
    if (!years) add(svg, "text", { x: left, y: height + 17, class: "axis" }, rows[0].month);
    rows.forEach((row, n) => {
      const when = `${NAMES[at[n] % 12]} ${Math.floor(at[n] / 12)}`;
      let y = height;
      row.values.forEach((value, g) => {
        if (!value) return;
        y -= value * up;
        add(svg, "rect", { x: left + (at[n] - first) * across, y, width: Math.max(1, across * 0.85),
          height: value * up, fill: groups[g].colour,
          "data-tip": `${when}: ${counted(value, unit)} ${groups[g].name}` });
      });
    });
  }

  // -- lines that go by steps ---------------------------------------------------------------
  function lines(place, data) {
    const [width, height, left, foot] = [place.clientWidth, data.height, 44, 40];
    const svg = canvas(place, width, height + foot);
    const points = data.lines.flatMap((line) => line.points);
    const [low, high] = [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.x))];
    const most = Math.max(1, ...points.map((p) => p.y));
    const across = (x) => left + 8 + (x - low) * ((width - left - 20) / Math.max(1, high - low));
    const up = (y) => height - y * ((height - 28) / most);
    for (const tick of ticksTo(most, 5)) {
      add(svg, "line", { x1: left, x2: width, y1: up(tick), y2: up(tick), class: "grid" });
      add(svg, "text", { x: left - 5, y: up(tick) + 4, class: "axis", "text-anchor": "end" }, thousands(tick));
    }
    for (const tick of ticksTo(high, narrow() ? 4 : 10).filter((n) => n >= low)) {
      add(svg, "text", { x: across(tick), y: height + 16, class: "axis", "text-anchor": "middle" }, String(tick));
    }
    add(svg, "text", { x: 0, y: 11, class: "axis" }, data.up);
    add(svg, "text", { x: left, y: height + 34, class: "axis" }, data.across);
    for (const line of data.lines) {
      const path = line.points.map((p, n) => (n ? `H${across(p.x)}V${up(p.y)}` : `M${across(p.x)},${up(p.y)}`));
      add(svg, "path", { d: path.join(""), fill: "none", stroke: line.colour, "stroke-width": 2 });
      for (const p of line.points) {
        add(svg, "circle", { cx: across(p.x), cy: up(p.y), r: 4, fill: line.colour, "data-tip": p.tip });
      }
    }
  }

  // -- matrix: the darker (or lighter, on dark ground) the more -----------------------------
  function matrix(place, data, isDark) {
    const shown = data.rows.filter((_, n) => !data.hidden || !data.hidden[n]);
    const longest = (all) => Math.max(4, ...all.map((one) => one.label.length)) * CHARACTER * 1.06;
    const left = Math.min(280, longest(data.rows) + 12);
    const head = Math.min(170, longest(data.columns) * 0.87 + 14);
    // Never narrower than can be read: the frame around it scrolls.
    const width = Math.max(place.clientWidth, left + data.columns.length * 15 + 110);
    const across = Math.min(46, (width - left - 100) / data.columns.length);
    const svg = canvas(place, width, head + shown.length * 17 + 8);
    const most = Math.max(1, ...data.rows.flatMap((row) => row.cells.map(([, count]) => count)));
    const mix = (from, to, part) => from.map((f, n) => Math.round(f + (to[n] - f) * part)).join(",");
    const [few, many] = isDark ? [[8, 48, 107], [158, 202, 225]] : [[158, 202, 225], [8, 48, 107]];
    const colour = (count) => `rgb(${mix(few, many, Math.log(count) / Math.log(Math.max(2, most)))})`;
    const own = (one) => (one.own ? "own-label" : "");
    const scale = [1, 3, 10, 30, 100, 300, 1000].filter((n) => n <= most);
    scale.forEach((count, n) => {
      add(svg, "rect", { x: 2, y: 4 + n * 16, width: 12, height: 12, fill: colour(count) });
      add(svg, "text", { x: 20, y: 14 + n * 16, class: "axis" },
        `${count}${n ? "" : " place"}${n === scale.length - 1 ? " or more" : ""}`);
    });
    data.columns.forEach((column, n) => {
      const x = left + (n + 0.5) * across;
      add(svg, "text", { x, y: head - 6, class: own(column), "data-tip": column.label,
        transform: `rotate(-60 ${x} ${head - 6})` }, shortened(column.label, 185));
    });
    shown.forEach((row, n) => {
      const y = head + n * 17;
      add(svg, "text", { x: left - 6, y: y + 12, "text-anchor": "end", class: own(row), "data-tip": row.label },
        shortened(row.label, left - 8));
      add(svg, "line", { x1: left, x2: left + across * data.columns.length, y1: y + 16, y2: y + 16, class: "grid" });
      for (const [column, count] of row.cells) {
        add(svg, "rect", { x: left + column * across, y, width: across - 1, height: 16, fill: colour(count),
          "data-tip": `${row.label} is used by ${data.columns[column].label} in ${counted(count, "place")}` });
      }
    });
    place.data = { rows: shown.map((row) => row.label) };
  }

  return { icicle, bars, stacked, months, lines, matrix };
})();
