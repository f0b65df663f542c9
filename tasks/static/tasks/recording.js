// A recording: Tab in the words, or Space on the waveform, plays and pauses; a speed, an ear; and segments drawn on the waveform.
const SVG = "http://www.w3.org/2000/svg";
const SHORT = 0.05, STEP = 0.02, LARGE = 0.2, NEW = 1, HIT = 22; // seconds; a finger in CSS pixels
const round = (seconds) => Math.round(seconds * 1000) / 1000;

function part(parent, name, given) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(given)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

// One channel is heard by both ears; the browser mixes nothing before somebody asks for it.
function ears(audio, select) {
  let context, source, splitter, merger;
  function begin() {
    context = new AudioContext();
    source = context.createMediaElementSource(audio);
    splitter = context.createChannelSplitter(2);
    merger = context.createChannelMerger(2);
    merger.connect(context.destination);
  }
  select.addEventListener("change", () => {
    if (!context) begin();
    context.resume();
    source.disconnect();
    splitter.disconnect();
    const side = { left: 0, right: 1 }[select.value];
    if (side === undefined) source.connect(context.destination);
    else {
      source.connect(splitter);
      [0, 1].forEach((ear) => splitter.connect(merger, side, ear));
    }
  });
}

function player(root) {
  const audio = root.querySelector("audio");
  let until = Infinity;
  const turn = () => { until = Infinity; audio.paused ? audio.play() : audio.pause(); };
  const only = (from, to) => { audio.currentTime = from; until = to; audio.play(); };
  audio.addEventListener("timeupdate", () => { if (audio.currentTime >= until) { until = Infinity; audio.pause(); } });
  root.querySelector("[data-speed]").disabled = false;
  root.querySelector("[data-speed]").addEventListener("change", (event) => { audio.playbackRate = Number(event.target.value); });
  const side = root.querySelector("[data-side]");
  if (side) ears(audio, side);
  root.querySelectorAll("[data-tools]").forEach((one) => { one.hidden = false; });
  // Escape lets the next Tab go on, so that nobody is caught in the field.
  let leaving = false;
  root.addEventListener("keydown", (event) => {
    const writing = event.target.matches("textarea, input[data-words]");
    if (event.key === "Escape") leaving = true;
    else if (event.key === "Tab" && writing && !event.shiftKey && !leaving) { turn(); event.preventDefault(); }
    else if (event.key !== "Shift") leaving = false;
  });
  return { audio, turn, only };
}

function segments(root, { audio, turn, only }) {
  const input = document.getElementById(root.dataset.segments), form = input.form, svg = root.querySelector("svg.wave");
  const plain = form.querySelector("[data-plain]"), nothing = form.querySelector("[data-nothing]"), list = root.querySelector("[data-list]");
  const names = [...root.querySelectorAll("[data-label]")], said = root.querySelector("[data-live]");
  const { width: W, height: H } = svg.viewBox.baseVal, length = Number(root.dataset.seconds), words = "wordsAsked" in root.dataset;
  const channels = "channels" in root.dataset, side = root.querySelector("[data-side]");
  const layer = part(svg, "g", {}), head = part(svg, "line", { class: "head", y1: 0, y2: H });
  let all = [], chosen = -1, drag, past = [], future = [];
  const fit = (seconds) => round(Math.min(Math.max(seconds, 0), length));
  const label = () => names.find((one) => one.checked)?.value ?? names[0].value;
  const called = (one, number) => `${number + 1} ${one.label} · ${one.from.toFixed(2)}–${one.to.toFixed(2)}`;
  const begin = () => { past.push(JSON.stringify(all)); future = []; };
  const at = (event) => {
    const box = svg.getBoundingClientRect();
    return fit((event.clientX - box.left) / box.width * length);
  };

  function write() {
    if (all.length) nothing.checked = false;
    input.value = JSON.stringify(nothing.checked ? { segments: all, nothing: true } : { segments: all });
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function drawn() {
    const finger = HIT * W / (svg.getBoundingClientRect().width || W);
    layer.replaceChildren();
    all.forEach((one, number) => {
      const x = one.from / length * W, width = (one.to - one.from) / length * W, colour = `l${names.findIndex((name) => name.value === one.label) % 8}`;
      part(layer, "rect", { x, y: 0, width, height: H, class: `segment ${colour}${number === chosen ? " chosen" : ""}`, "data-number": number });
      if (number === chosen) [["from", x], ["to", x + width]].forEach(([end, place]) => {
        part(layer, "rect", { x: place - finger / 2, y: 0, width: finger, height: H, class: "hit", "data-number": number, "data-end": end });
      });
    });
  }
  function show() {
    drawn();
    list.replaceChildren(...all.map((one, number) => {
      const entry = document.createElement("li"), button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button plain small", textContent: called(one, number) });
      button.setAttribute("aria-pressed", String(number === chosen));
      button.addEventListener("click", () => { choose(number); only(one.from, one.to); });
      entry.append(button);
      if (channels && side) {
        const select = document.createElement("select");
        select.append(...[...side.options].map(({ text, value }) => new Option(text, value, false, value === one.channel)));
        select.ariaLabel = `${root.dataset.channels} ${number + 1}`;
        select.addEventListener("input", (event) => event.stopPropagation());
        select.addEventListener("change", () => { begin(); one.channel = select.value; write(); });
        entry.append(select);
      }
      if (words) {
        const field = document.createElement("input");
        Object.assign(field, { value: one.words ?? "", maxLength: 2000, ariaLabel: `${root.dataset.words} ${number + 1}` });
        field.dataset.words = "";
        field.addEventListener("input", (event) => { event.stopPropagation(); one.words = field.value; write(); });
        entry.append(field);
      }
      return entry;
    }));
  }
  function choose(number) {
    chosen = all.length ? (number + all.length) % all.length : -1;
    const one = all[chosen], name = names.find((known) => known.value === one?.label);
    if (name) name.checked = true;
    said.textContent = one ? called(one, chosen) : "";
    show();
  }
  const done = () => { choose(chosen); write(); };
  const undo = () => back(past, future), redo = () => back(future, past);
  function add(from, to) {
    begin();
    all.push({ from: fit(from), to: fit(to), label: label(), ...(channels ? { channel: side?.value ?? "both" } : {}), ...(words ? { words: "" } : {}) });
    chosen = all.length - 1;
  }
  function remove() {
    if (chosen < 0) return;
    begin();
    all.splice(chosen, 1);
    chosen = Math.min(chosen, all.length - 1);
    done();
  }
  function back(from, to) {
    if (!from.length) return;
    to.push(JSON.stringify(all));
    all = JSON.parse(from.pop());
    chosen = Math.min(chosen, all.length - 1);
    done();
  }
  function down(event) {
    svg.setPointerCapture(event.pointerId);
    const from = at(event), { number, end } = event.target.dataset;
    if (end) {
      begin();
      drag = (to) => { all[chosen][end] = to; };
    } else if (number !== undefined && Number(number) !== chosen) {
      choose(Number(number));
      drag = null;
    } else drag = (to) => {
      if (Math.abs(to - from) < SHORT) return;
      add(from, to);
      const one = all[chosen];
      drag = (there) => Object.assign(one, { from: Math.min(from, there), to: Math.max(from, there) });
      drag(to);
    };
    audio.currentTime = from;
  }
  function up() {
    const one = all[chosen];
    if (drag && one && one.from > one.to) [one.from, one.to] = [one.to, one.from];
    if (JSON.stringify(all) === past.at(-1)) past.pop();
    else if (drag && past.length) done();
    drag = null;
  }
  function key(event) {
    const one = all[chosen], by = { ArrowLeft: -1, ArrowRight: 1 }[event.key], control = event.ctrlKey || event.metaKey;
    if (control && /^[zy]$/i.test(event.key)) event.key.toLowerCase() === "y" || event.shiftKey ? redo() : undo();
    else if (by && one) {
      const step = by * (event.shiftKey ? LARGE : STEP);
      begin();
      if (control) one.to = Math.max(fit(one.to + step), round(one.from + SHORT));
      else {
        const most = Math.min(Math.max(step, -one.from), length - one.to);
        Object.assign(one, { from: round(one.from + most), to: round(one.to + most) });
      }
      done();
    } else if (control || event.altKey) return;
    else if (event.key === " ") turn();
    else if (event.key === "Enter" && one) only(one.from, one.to);
    else if (event.key === "n") { add(Math.min(audio.currentTime, Math.max(0, length - NEW)), audio.currentTime + NEW); done(); }
    else if (event.key === "i" && one && audio.currentTime < one.to) { begin(); one.from = fit(audio.currentTime); done(); }
    else if (event.key === "o" && one && audio.currentTime > one.from) { begin(); one.to = fit(audio.currentTime); done(); }
    else if (event.key === "[") choose(chosen - 1);
    else if (event.key === "]") choose(chosen + 1);
    else if (event.key === "Delete" || event.key === "Backspace") remove();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  function draw() {
    const value = JSON.parse(input.value || "{}");
    all = value.segments ?? [];
    nothing.checked = value.nothing === true;
    past = [];
    future = [];
    choose(-1 - all.length);
  }

  input.disabled = false;
  plain.hidden = plain.disabled = true;
  svg.setAttribute("tabindex", "0");
  svg.addEventListener("pointerdown", down);
  svg.addEventListener("pointermove", (event) => { if (drag && event.buttons) { drag(at(event)); drawn(); } });
  svg.addEventListener("pointerup", up);
  svg.addEventListener("pointercancel", up);
  svg.addEventListener("keydown", key);
  audio.addEventListener("timeupdate", () => { const x = audio.currentTime / length * W; head.setAttribute("x1", x); head.setAttribute("x2", x); });
  names.forEach((one) => one.addEventListener("change", () => { if (chosen >= 0) { begin(); all[chosen].label = one.value; done(); } }));
  nothing.addEventListener("change", () => { if (nothing.checked) { begin(); all = []; chosen = -1; show(); } write(); });
  const acts = { undo, redo, remove, add: () => { add(Math.min(audio.currentTime, Math.max(0, length - NEW)), audio.currentTime + NEW); done(); } };
  root.querySelectorAll("[data-act]").forEach((one) => one.addEventListener("click", acts[one.dataset.act]));
  new ResizeObserver(drawn).observe(svg);
  form.addEventListener("draft:restored", draw);
  draw();
}

export const drawAll = () => document.querySelectorAll("[data-recording]").forEach((root) => {
  const plays = player(root);
  if (root.dataset.segments) segments(root, plays);
});
drawAll();
