// Marks in a text: tap the first word, then the last. The hidden input holds {"spans": […], "relations": […]}.
function start(root) {
  const field = document.getElementById(root.dataset.spans);
  const text = root.querySelector("[data-text]"), words = [...text.querySelectorAll("[data-a]")];
  const list = root.querySelector("[data-marks]"), say = root.dataset;
  const labels = [...root.querySelectorAll("[name=label]")].map((box) => box.value);
  const past = [], undone = [];
  let value, kept, first = null, from = null;
  const chosen = (name) => root.querySelector(`[name=${name}]:checked`)?.value;
  const inside = ({ start, end }) => words.filter(({ dataset: { a, b } }) => a >= start && b <= end);
  const said = (span) => inside(span).map((word) => word.firstChild.data).join(" ");
  const button = (name, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "button plain small", textContent: name });
    made.addEventListener("click", act);
    return made;
  };
  const row = (name, ...buttons) => {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("span"), { textContent: name }), ...buttons);
    list.append(item);
  };
  const put = () => {
    kept = field.value = JSON.stringify(value);
    draw();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const save = () => { past.push(kept); undone.length = 0; put(); };
  const step = (back, forth) => {
    if (!back.length) return;
    forth.push(kept);
    value = JSON.parse(back.pop());
    first = from = null;
    put();
  };
  const acts = { undo: () => step(past, undone), redo: () => step(undone, past) };
  const remove = (at) => {
    const moved = (end) => end - (end > at);
    value.spans.splice(at, 1);
    value.relations = value.relations.filter((one) => one.from !== at && one.to !== at).map((one) => ({ ...one, from: moved(one.from), to: moved(one.to) }));
    save();
  };
  const relate = (at) => {
    const one = from;
    from = one === null ? at : null;
    if (one === null || one === at) return draw();
    value.relations.push({ from: one, to: at, label: chosen("relation") });
    save();
  };
  function draw() {
    for (const word of words) { word.className = ""; delete word.dataset.name; }
    list.replaceChildren();
    value.spans.forEach((span, at) => {
      const held = inside(span);
      held.forEach((word) => { word.className = `hue${labels.indexOf(span.label) % 6 + 1}`; });
      if (held.length) held.at(-1).dataset.name = span.label;
      const more = chosen("relation") ? [button(from === null ? say.relate : say.to, () => relate(at))] : [];
      const now = chosen("label");
      if (now !== span.label) more.push(button(`${say.make} ${now}`, () => { span.label = now; save(); }));
      row(`${said(span)} – ${span.label}`, ...more, button(say.remove, () => remove(at)));
    });
    value.relations.forEach((one, at) => {
      row(`${said(value.spans[one.from])} → ${one.label} → ${said(value.spans[one.to])}`, button(say.remove, () => { value.relations.splice(at, 1); save(); }));
    });
  }
  const tap = (word) => {
    if (!first) return (first = word).classList.add("first");
    const ends = [first, word].flatMap(({ dataset: { a, b } }) => [+a, +b]);
    first = null;
    value.spans.push({ start: Math.min(...ends), end: Math.max(...ends), label: chosen("label") });
    save();
  };
  const load = () => {
    value = { spans: [], relations: [], ...JSON.parse(field.value || "{}") };
    kept = JSON.stringify(value);
    first = from = null;
    draw();
  };
  text.addEventListener("click", ({ target }) => { const word = target.closest("[data-a]"); if (word) tap(word); });
  text.addEventListener("keydown", (event) => {
    const at = words.indexOf(event.target), next = words[at + { ArrowRight: 1, ArrowLeft: -1 }[event.key]];
    if (next) { event.target.tabIndex = -1; next.tabIndex = 0; next.focus(); }
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) tap(event.target);
    else if (event.key === "Escape" && first) { first.classList.remove("first"); first = null; }
    else return;
    event.preventDefault();
  });
  root.addEventListener("change", ({ target }) => { if (target.name === "label") draw(); });
  root.querySelectorAll("[data-act]").forEach((one) => one.addEventListener("click", acts[one.dataset.act]));
  root.addEventListener("keydown", (event) => {
    const key = (event.ctrlKey || event.metaKey) && event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    acts[key === "y" || event.shiftKey ? "redo" : "undo"]();
  });
  words.forEach((word, at) => { word.setAttribute("role", "button"); word.tabIndex = at ? -1 : 0; });
  root.classList.add("on");
  root.querySelector("[data-plain]").disabled = true;
  root.querySelectorAll("[data-scripted]").forEach((part) => { part.hidden = false; });
  field.disabled = false;
  field.form.addEventListener("draft:restored", load);
  load();
}

export const drawAll = () => document.querySelectorAll("[data-spans]").forEach(start);
drawAll();
