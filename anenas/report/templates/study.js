// The page of a study: what a point is, what cannot be told apart from it, and two models side by side.
{
  const trials = new Map(JSON.parse(document.getElementById("study").textContent).map((one) => [one.number, one]));
  const points = [...document.querySelectorAll("g.point[data-trial]")];
  const trialOf = (mark) => trials.get(Number(mark.dataset.trial));
  const title = (one) => `trial ${one.number}${one.called.length ? `, ${one.called.join(", ")}` : ""}`;
  const words = (one) => `${title(one)}: ${Object.entries(one.said).map(([name, text]) => `${name} ${text}`).join(", ")}`;

  // As anenas.search has it: scores 1.64 standard errors apart, latencies by the ratio of their source.
  const sameScore = (a, b) => a.score === b.score ||
    (a.error !== null && b.error !== null && Math.abs(a.score - b.score) < 1.64 * Math.hypot(a.error, b.error));
  const sameLatency = (a, b) => Math.max(a.ms, b.ms) < Math.max(a.apart, b.apart) * Math.min(a.ms, b.ms) || a.ms === b.ms;
  const isFront = (one) => one.state === "front";

  const hues = ["--blue", "--orange", "--green", "--purple", "--sand", "--red"];
  const kinds = [...new Set([...trials.values()].flatMap((one) => one.blocks.map((block) => block[0])))]
    .filter((kind) => kind !== "input" && kind !== "head");
  const drawn = (one) => {
    const list = element("ol", "blocks");
    for (const [kind, depth, width, size, choices] of one.blocks) {
      const item = element("li");
      item.append(element("b", "", depth > 1 ? `${kind} ×${depth}` : kind), element("span", "", `${width}${size ? ` · ${size}` : ""}`));
      item.title = choices;
      if (kinds.includes(kind)) item.style.setProperty("--kind", `var(${hues[kinds.indexOf(kind) % hues.length]})`);
      item.style.paddingBottom = `${Math.min(2.2, Math.log2(1 + width / 16) / 2.2)}em`;
      list.append(item);
    }
    return list;
  };
  const alike = (one) => {
    const others = [...trials.values()].filter((other) => other !== one && isFront(other));
    const listed = (same) => others.filter((other) => same(one, other)).map((other) => other.number).join(", ");
    return [["score", listed(sameScore)], ["latency", listed(sameLatency)]].filter((pair) => pair[1])
      .map(([what, numbers]) => element("div", "note", `too close in ${what} to tell apart on the front: ${numbers}`));
  };

  const enter = (mark) => {
    const one = trialOf(mark);
    const facts = element("dl");
    for (const [name, text] of Object.entries(one.said)) facts.append(element("dt", "", name), element("dd", "", text));
    showTip(mark.lastElementChild, element("div", "", title(one)), facts, drawn(one), ...alike(one));
    for (const point of points) {
      const other = trialOf(point);
      point.classList.toggle("here", other === one);
      point.classList.toggle("alike", other !== one && sameScore(one, other) && sameLatency(one, other));
      point.ownerSVGElement.classList.add("apart");
    }
  };
  const leave = () => {
    for (const point of points) { point.classList.remove("here", "alike"); point.ownerSVGElement.classList.remove("apart"); }
  };

  let pinned = [];
  const pins = document.getElementById("pins");
  const pin = (number) => {
    pinned = pinned.includes(number) ? pinned.filter((one) => one !== number) : [...pinned, number].slice(-2);
    for (const mark of document.querySelectorAll("g.point[data-trial], tr[data-trial]")) {
      const isPinned = pinned.includes(Number(mark.dataset.trial));
      mark.classList.toggle("pinned", isPinned);
      if (mark.tagName === "g") mark.setAttribute("aria-pressed", isPinned);
    }
    compare(pinned.map((one) => trials.get(one)));
  };
  const compare = (shown) => {
    pins.replaceChildren();
    if (!shown.length) return;
    const scroll = element("div", "scroll"), table = element("table"), head = table.createTHead().insertRow();
    const heading = (text) => { const made = element("th", "", text); made.scope = "col"; return made; };
    head.append(heading(""), ...shown.map((one) => heading(title(one))));
    const body = table.createTBody(), names = [...new Set(shown.flatMap((one) => Object.keys(one.said)))];
    const row = (name, cells) => {
      const made = body.insertRow(), first = element("th", "", name);
      first.scope = "row";
      made.append(first);
      for (const cell of cells) made.insertCell().append(cell);
    };
    for (const name of names) row(name, shown.map((one) => one.said[name] ?? ""));
    row("network", shown.map(drawn));
    row("architecture", shown.map((one) => element("code", "", one.architecture)));
    row("export it", shown.map((one) => element("code", "", one.command)));
    scroll.append(table);
    pins.append(scroll);
    if (shown.length === 2) {
      const same = [["scores", sameScore(...shown)], ["latencies", sameLatency(...shown)]];
      pins.prepend(element("p", "told", same.map(([what, is]) => `Their ${what} ${is ? "cannot" : "can"} be told apart.`).join(" ")));
    }
    const clear = element("button", "", "Unpin");
    clear.type = "button";
    clear.addEventListener("click", () => { for (const one of [...pinned]) pin(one); });
    pins.append(clear);
  };

  for (const drawing of document.querySelectorAll("svg.plot")) {
    const marks = [...drawing.querySelectorAll("g.point[data-trial]")];
    marks.sort((a, b) => a.lastElementChild.getBBox().x - b.lastElementChild.getBBox().x);
    for (const mark of marks) {
      mark.setAttribute("role", "button");
      mark.setAttribute("aria-pressed", "false");
      mark.setAttribute("aria-label", words(trialOf(mark)));
      mark.addEventListener("click", () => pin(Number(mark.dataset.trial)));
      mark.addEventListener("pointerleave", leave);
      mark.addEventListener("blur", leave);
      mark.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        pin(Number(mark.dataset.trial));
      });
    }
    walkable(marks, enter);
  }

  const onlyFront = document.getElementById("only-front");
  const filter = () => {
    for (const row of document.querySelectorAll(".models tbody tr:not(.front)")) row.hidden = onlyFront.checked;
  };
  onlyFront?.addEventListener("change", filter);
  if (onlyFront && document.querySelectorAll(".models tbody tr").length > 25) { onlyFront.checked = true; filter(); }
}
