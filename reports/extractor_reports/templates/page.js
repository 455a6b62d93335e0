"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";

  // -- pictures -----------------------------------------------------------------------------
  const holder = document.getElementById("figures");
  const figures = holder ? JSON.parse(holder.textContent) : {};
  const colours = () => {
    const style = getComputedStyle(root);
    const of = (name) => style.getPropertyValue(name).trim();
    return { ink: of("--ink"), edge: of("--edge"), ground: of("--ground"), raised: of("--raised"),
      own: of("--own") };
  };
  function laidOut(figure) {
    const { ink, edge, ground, raised, own } = colours();
    const layout = structuredClone(figure.layout);
    layout.font = { ...layout.font, color: ink };
    layout.hoverlabel = { ...layout.hoverlabel, bgcolor: raised, font: { color: ink } };
    for (const axis of ["xaxis", "yaxis"]) {
      if (layout[axis]) {
        layout[axis] = { ...layout[axis], gridcolor: edge, linecolor: edge, zerolinecolor: edge };
      }
    }
    if (innerWidth < 700) {
      for (const note of layout.annotations || []) {
        const { text } = note;
        if (text.length > 54) note.text = `${text.slice(0, 24)}…${text.slice(-29)}`;
      }
    }
    const data = structuredClone(figure.data);
    for (const trace of data) {
      if (trace.type === "icicle") {
        trace.marker.line = { width: 1, color: ground };
        if (innerWidth < 700) trace.maxdepth = 5;
      }
      if (trace.type === "heatmap") {
        if (innerWidth < 700) Object.assign(layout, { width: 760 });
        // Strong is what stands out from the ground.
        trace.reversescale = isDark();
        for (const key of ["x", "y"]) {
          trace[key] = trace[key].map((label) => label.replace(/^<span style="color:#[0-9a-f]+">/,
            `<span style="color:${own}">`));
        }
      }
    }
    return { data, layout };
  }
  const config = {
    responsive: true, displaylogo: false, displayModeBar: false, showTips: false,
    plotlyServerURL: "",
  };
  async function draw(place) {
    const figure = figures[place.id];
    if (!figure) return;
    const { data, layout } = laidOut(figure);
    if (place.dataset.level) data[0].level = place.dataset.level;
    // When the window changes plotly takes the height from here.
    place.style.height = `${layout.height}px`;
    await Plotly.react(place, data, layout, config);
    if (!place.dataset.drawn) {
      place.dataset.drawn = "yes";
      if (data[0].type === "icicle") walk(place, data[0]);
      if (!root.dataset.firstPicture) root.dataset.firstPicture = String(performance.now());
    }
  }

  // An icicle is walked by arrows: down to what a module loads, across to what is loaded beside it.
  function walk(place, trace) {
    const said = document.getElementById(`${place.id}-said`);
    const below = new Map();
    trace.ids.forEach((id, index) => {
      const above = trace.parents[index];
      if (!below.has(above)) below.set(above, []);
      below.get(above).push(id);
    });
    const index = new Map(trace.ids.map((id, i) => [id, i]));
    const total = new Map();
    const sum = (id) => {
      if (!total.has(id)) {
        total.set(id, 0);
        total.set(id, trace.values[index.get(id)] +
          (below.get(id) || []).reduce((all, one) => all + sum(one), 0));
      }
      return total.get(id);
    };
    for (const ids of below.values()) ids.sort((a, b) => sum(b) - sum(a));
    const root = below.get("")[0];
    let at = root;
    const plain = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
    const tell = () => {
      const [name, lines, by] = trace.customdata[index.get(at)].map(plain);
      const loads = (below.get(at) || []).length;
      said.textContent = `${name}: ${lines} lines of its own, ` +
        `${sum(at).toLocaleString("en")} with what it loads first; loaded by ${by}; ` +
        `${loads} modules below it.`;
      const { ink, ground } = colours();
      const marked = (all, colour) => [all.map((one, i) => (trace.ids[i] === at ? colour : one))];
      // By its fill: with a list of line widths plotly cannot place the bar above the icicle.
      return Plotly.restyle(place, { level: [place.dataset.level],
        "marker.colors": marked(trace.marker.colors, ink),
        "insidetextfont.color": marked(trace.insidetextfont.color, ground),
        "outsidetextfont.color": marked(trace.outsidetextfont.color, ground) });
    };
    place.dataset.level = root;
    let done = Promise.resolve();
    place.addEventListener("keydown", (event) => {
      const above = trace.parents[index.get(at)];
      const beside = below.get(above) || [at];
      const here = beside.indexOf(at);
      const next = { ArrowUp: above || at, ArrowDown: (below.get(at) || [at])[0],
        ArrowLeft: beside[here - 1] || at, ArrowRight: beside[here + 1] || at }[event.key];
      if (!next && event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      if (next) at = next;
      if (event.key === "Escape") at = root;
      if (!next) place.dataset.level = at;
      // One change after another: plotly loses its place when they overlap.
      done = done.then(tell);
    });
    place.on("plotly_icicleclick", ({ nextLevel }) => {
      if (nextLevel) {
        at = nextLevel;
        place.dataset.level = at;
        done = done.then(tell);
      }
      return false;
    });
    place.addEventListener("focus", () => { if (place.matches(":focus-visible")) tell(); });
  }
  const places = [...document.querySelectorAll(".plot")];
  // The page is readable at once: what is far below is drawn when it comes near.
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) { near.unobserve(entry.target); draw(entry.target); }
    }
  }, { rootMargin: "600px" });
  // The first one is not kept waiting for anything below.
  if (places.length) draw(places[0]);
  places.slice(1).forEach((place) => near.observe(place));
  const again = () => places.filter((p) => p.dataset.drawn).forEach((p) => draw(p));
  dark.addEventListener("change", again);

  const theme = document.getElementById("theme");
  if (theme) {
    theme.hidden = false;
    theme.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      again();
    });
  }

  // The matrix shows the rows that the table beside it shows.
  const whole = {};
  function narrow(id, rows) {
    const figure = figures[id];
    if (!figure) return;
    whole[id] = whole[id] || structuredClone(figure);
    const all = whole[id];
    const kept = rows.map((row, index) => (row.hidden ? -1 : index)).filter((i) => i >= 0);
    const trace = figure.data[0];
    for (const key of ["y", "z", "customdata"]) trace[key] = kept.map((i) => all.data[0][key][i]);
    figure.layout.height = 200 + 15 * kept.length;
    const place = document.getElementById(id);
    if (place.dataset.drawn) draw(place);
  }

  // -- filters ------------------------------------------------------------------------------
  for (const bar of document.querySelectorAll(".filter[data-for]")) {
    bar.hidden = false;
    const table = document.getElementById(bar.dataset.for);
    const rows = [...table.tBodies[0].rows];
    let texts = null;
    const search = bar.querySelector("input[type=search]");
    const choice = bar.querySelector("select");
    const said = bar.querySelector("output");
    const apply = () => {
      texts = texts || rows.map((row) => row.textContent.toLowerCase());
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const kind = choice ? choice.value : "";
      let shown = 0;
      rows.forEach((row, index) => {
        const fits = words.every((word) => texts[index].includes(word)) && (!kind ||
          (kind[0] === "-" ? row.dataset.kind !== kind.slice(1) : row.dataset.kind === kind));
        row.hidden = !fits;
        shown += fits;
      });
      said.textContent = `${shown} of ${rows.length}`;
      if (bar.dataset.picture) narrow(bar.dataset.picture, rows);
    };
    search.addEventListener("input", apply);
    if (choice) choice.addEventListener("change", apply);
    if (choice && choice.value) apply();
    else said.textContent = `${rows.length} of ${rows.length}`;
  }

  // On a phone a wide table's cells stand below each other: each is told its head, and what a
  // table is to a screen reader is said again, for the layout takes it away.
  for (const table of document.querySelectorAll("table.wide")) {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
    table.setAttribute("role", "table");
    for (const group of [table.tHead, ...table.tBodies]) group.setAttribute("role", "rowgroup");
    for (const row of table.rows) {
      row.setAttribute("role", "row");
      [...row.cells].forEach((cell, index) => {
        const isHead = cell.tagName === "TH";
        cell.setAttribute("role", isHead ? `${cell.scope}header`.replace("col", "column") : "cell");
        if (!isHead && cell.colSpan === 1) cell.dataset.head = heads[index];
      });
    }
  }

  for (const bar of document.querySelectorAll(".zoom")) {
    bar.hidden = false;
    const button = bar.querySelector("button");
    button.addEventListener("click", () => {
      const isFull = bar.nextElementSibling.classList.toggle("full");
      button.setAttribute("aria-pressed", String(isFull));
    });
  }

  // -- what is folded away is found and printed -----------------------------------------------
  function reveal() {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    if (!target) return;
    for (let up = target; up; up = up.parentElement) {
      if (up.tagName === "DETAILS") up.open = true;
      if (up.tagName === "TR") up.hidden = false;
    }
    target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  reveal();
  // On paper: what a person must review in full, the rest as it stands on the screen, in light.
  let opened = [];
  let shade;
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details[data-print]:not([open])")];
    opened.forEach((d) => { d.open = true; });
    shade = root.dataset.theme;
    root.dataset.theme = "light";
    places.filter((place) => place.checkVisibility()).forEach((place) => draw(place));
  });
  addEventListener("afterprint", () => {
    opened.forEach((d) => { d.open = false; });
    if (shade) root.dataset.theme = shade;
    else delete root.dataset.theme;
    again();
  });
})();
