"use strict";
// Every page: light or dark, tables that sort, what a mark is.

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

{
  const button = document.getElementById("theme"), root = document.documentElement;
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (prefersDark.matches ? "dark" : "light")) === "dark";
  const show = () => { button.textContent = isDark() ? "Light" : "Dark"; button.setAttribute("aria-label", `${button.textContent} colours`); };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; show(); });
  prefersDark.addEventListener("change", show);
  show();
}

for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  headings.forEach((heading, column) => {
    if (!heading.textContent) return;
    const button = element("button", "sort", heading.textContent);
    button.type = "button";
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const isNumber = heading.classList.contains("n"), was = heading.getAttribute("aria-sort");
      const direction = was ? (was === "ascending" ? "descending" : "ascending") : isNumber ? "descending" : "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", direction);
      const sign = direction === "ascending" ? 1 : -1;
      const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const compare = (a, b) => {
        if (a === "" || b === "") return (a === "") - (b === "");  // what has no value is last, whichever way
        return sign * (isNumber ? a - b : a.localeCompare(b));
      };
      const rows = [...body.rows].map((row) => [key(row), row]).sort((a, b) => compare(a[0], b[0]));
      body.append(...rows.map((pair) => pair[1]));
    });
  });
}

const tip = element("div", "tip");
tip.id = "tip";
tip.setAttribute("role", "tooltip");
tip.hidden = true;
document.body.append(tip);

const showTip = (mark, ...content) => {
  tip.replaceChildren(...content);
  tip.hidden = false;
  const at = mark.getBoundingClientRect(), width = document.documentElement.clientWidth;
  const place = (left, top) => { tip.style.left = `${left + scrollX}px`; tip.style.top = `${top + scrollY}px`; };
  const top = Math.max(8, Math.min(at.top - 20, document.documentElement.clientHeight - tip.offsetHeight - 8));
  if (at.right + 14 + tip.offsetWidth < width) return place(at.right + 14, top);  // beside it, to hide no neighbours
  if (at.left - 14 - tip.offsetWidth > 0) return place(at.left - 14 - tip.offsetWidth, top);
  const above = at.top - tip.offsetHeight - 10;
  const left = Math.min(Math.max(8, at.left + at.width / 2 - tip.offsetWidth / 2), width - tip.offsetWidth - 8);
  place(left, above > 4 ? above : at.bottom + 10);
};
const hideTip = () => { tip.hidden = true; };
addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

// One mark of a drawing is in the order of Tab; arrows go to its neighbours.
const walkable = (marks, enter) => {
  marks.forEach((mark, place) => {
    mark.setAttribute("tabindex", place ? "-1" : "0");
    mark.addEventListener("pointerenter", () => enter(mark));
    mark.addEventListener("pointerleave", hideTip);
    mark.addEventListener("focus", () => enter(mark));
    mark.addEventListener("blur", hideTip);
    mark.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const next = step && marks[place + step];
      if (!next) return;
      event.preventDefault();
      mark.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  });
};

for (const drawing of document.querySelectorAll("svg")) {
  const marks = [...drawing.querySelectorAll("[data-words]")];
  for (const mark of marks) { mark.setAttribute("role", "img"); mark.setAttribute("aria-label", mark.dataset.words); }
  walkable(marks, (mark) => showTip(mark, ...mark.dataset.words.split("\n").map((line) => element("div", "", line))));
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

function copy(button) {
  const done = (text) => { button.textContent = text; setTimeout(() => { button.textContent = "Copy"; }, 1500); };
  const field = element("textarea", "", button.dataset.copy);  // files have no clipboard of their own in every browser
  document.body.append(field);
  field.select();
  done(document.execCommand("copy") ? "Copied" : "Not copied");
  field.remove();
  button.focus();
}
