"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";

  // -- charts -------------------------------------------------------------------------------
  const holder = document.getElementById("figures");
  const figures = holder ? JSON.parse(holder.textContent) : {};
  function draw(place) {
    const figure = figures[place.id];
    if (!figure || !place.clientWidth) return;
    charts[figure.kind](place, figure, isDark());
    place.dataset.drawn = place.clientWidth;
    if (!root.dataset.firstPicture) root.dataset.firstPicture = String(performance.now());
  }
  const places = [...document.querySelectorAll(".plot")];
  // The page is readable at once: what is far below is drawn when it comes near.
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && entry.target.clientWidth) {
        near.unobserve(entry.target);
        draw(entry.target);
      }
    }
  }, { rootMargin: "600px" });
  // The first one is not kept waiting for anything below.
  if (places.length) draw(places[0]);
  places.slice(1).forEach((place) => near.observe(place));
  const again = () => places.filter((p) => p.dataset.drawn).forEach((p) => draw(p));
  const sized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.dataset.drawn && Number(target.dataset.drawn) !== target.clientWidth) draw(target);
    }
  });
  places.forEach((place) => sized.observe(place));
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
  function narrow(id, rows) {
    const figure = figures[id];
    if (!figure) return;
    figure.hidden = rows.map((row) => row.hidden);
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
