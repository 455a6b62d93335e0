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
    return { ink: of("--ink"), edge: of("--edge"), ground: of("--ground"), raised: of("--raised") };
  };
  function laidOut(figure) {
    const { ink, edge, ground, raised } = colours();
    const layout = structuredClone(figure.layout);
    layout.font = { ...layout.font, color: ink };
    layout.hoverlabel = { ...layout.hoverlabel, bgcolor: raised, font: { color: ink } };
    for (const axis of ["xaxis", "yaxis"]) {
      if (layout[axis]) {
        layout[axis] = { ...layout[axis], gridcolor: edge, linecolor: edge, zerolinecolor: edge };
      }
    }
    const data = structuredClone(figure.data);
    for (const trace of data) {
      if (trace.type === "icicle") {
        trace.marker.line = { width: 1, color: ground };
        if (innerWidth < 700) trace.maxdepth = 5;
      }
      if (trace.type === "heatmap" && innerWidth < 700) trace.showscale = false;
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
    await Plotly.react(place, data, layout, config);
    if (!place.dataset.drawn) {
      place.dataset.drawn = "yes";
      if (!root.dataset.firstPicture) root.dataset.firstPicture = String(performance.now());
    }
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
        const fits = words.every((word) => texts[index].includes(word)) &&
          (!kind || row.dataset.kind === kind);
        row.hidden = !fits;
        shown += fits;
      });
      said.textContent = `${shown} of ${rows.length}`;
      if (bar.dataset.picture) narrow(bar.dataset.picture, rows);
    };
    search.addEventListener("input", apply);
    if (choice) choice.addEventListener("change", apply);
    said.textContent = `${rows.length} of ${rows.length}`;
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
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((d) => { d.open = true; });
    places.forEach((place) => draw(place));
  });
  addEventListener("afterprint", () => opened.forEach((d) => { d.open = false; }));
})();
