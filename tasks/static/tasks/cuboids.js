// Cuboids in a point cloud: seen from anywhere and from above, and the chosen one from its side and its front.
// Value {"cuboids": [{id, label, center, size, yaw, frame?}]} in a hidden input. Without WebGL a table asks for them.
import { scene } from "./cloud.js";

const STEP = 0.05, LARGE = 0.5, TURN = Math.PI / 90, HANDLE = 9; // metres, radians, CSS pixels
const SIZES = { car: [4.2, 1.8, 1.6], truck: [8, 2.5, 3], lorry: [8, 2.5, 3], pedestrian: [0.8, 0.7, 1.75], cyclist: [1.8, 0.7, 1.75] };
const round = (number) => Math.round(number * 1000) / 1000;
const turned = (x, y, yaw) => [x * Math.cos(yaw) - y * Math.sin(yaw), x * Math.sin(yaw) + y * Math.cos(yaw)];

export function tool(root, input) {
  const canvas = root.querySelector("canvas"), list = root.querySelector("[data-list]"), said = root.querySelector("[data-live]");
  const form = input?.form, names = [...root.querySelectorAll("[data-label]")], frames = root.querySelector("[data-frame]");
  const clouds = JSON.parse(root.dataset.clouds), reading = !input, nothing = form?.querySelector("[data-nothing]");
  const view = scene(canvas, clouds, draw);
  let all = [], chosen = -1, frame = 0, armed = false, drag, past = [], future = [];

  const here = (one) => (one.frame ?? 0) === frame;
  const label = () => names.find((one) => one.checked)?.value ?? names[0]?.value;
  const begin = () => { past.push(JSON.stringify(all)); future = []; };
  const called = (one) => `${one.id} ${one.label} · ${one.center.map((part) => part.toFixed(1)).join(", ")} · ${one.size.map((part) => part.toFixed(1)).join(" × ")}`;
  function draw() { view.draw(all.filter(here), all[chosen], names.map((one) => one.value)); }
  function write() {
    if (all.length) nothing.checked = false;
    input.value = JSON.stringify(nothing.checked ? { cuboids: all, nothing: true } : { cuboids: all });
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function show() {
    list?.replaceChildren(...all.flatMap((one, number) => {
      if (!here(one)) return [];
      const entry = document.createElement("li"), button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button plain small", textContent: called(one) });
      button.setAttribute("aria-pressed", String(number === chosen));
      button.addEventListener("click", () => { choose(number); canvas.focus({ preventScroll: true }); });
      entry.append(button);
      return [entry];
    }));
    draw();
  }
  function choose(number, look = true) {
    chosen = number;
    const one = all[chosen], name = names.find((known) => known.value === one?.label);
    if (name) name.checked = true;
    if (one && look) view.look(one.center);
    if (said) said.textContent = one ? called(one) : "";
    show();
  }
  function next(by) {
    const numbers = all.flatMap((one, number) => here(one) ? [number] : []);
    if (numbers.length) choose(numbers[(numbers.indexOf(chosen) + by + numbers.length) % numbers.length]);
  }
  // What has one id has one label and one size in every frame.
  function change(one, given) {
    for (const other of all) if (other.id === one.id) Object.assign(other, { size: given.size ?? other.size, label: given.label ?? other.label });
    Object.assign(one, given);
  }
  const done = () => { choose(chosen, false); write(); };
  function add(x, y) {
    begin();
    const size = SIZES[label()?.toLowerCase()] ?? [2, 2, 2], taken = new Set(all.map((one) => one.id));
    let number = 1;
    while (taken.has(String(number))) number += 1;
    all.push({ id: String(number), label: label(), center: [round(x), round(y), round(view.ground(x, y) + size[2] / 2)], size: [...size], yaw: 0, ...(frame ? { frame } : {}) });
    choose(all.length - 1, false);
    write();
  }
  function remove() {
    if (chosen < 0) return;
    begin();
    all.splice(chosen, 1);
    choose(-1);
    write();
  }
  function back(from, to) {
    if (!from.length) return;
    to.push(JSON.stringify(all));
    all = JSON.parse(from.pop());
    choose(Math.min(chosen, all.length - 1), false);
    write();
  }
  const undo = () => back(past, future), redo = () => back(future, past);
  function before() {
    const known = new Set(all.filter(here).map((one) => one.id));
    begin();
    all.push(...all.filter((one) => (one.frame ?? 0) === frame - 1 && !known.has(one.id)).map((one) => ({ ...structuredClone(one), frame })));
    done();
  }

  // The chosen cuboid in its own directions, as a view shows them: which two, and where a place of the view lies in them.
  const AXES = { top: [0, 1], side: [0, 2], front: [1, 2] };
  function inside(one, name, at) {
    const [dx, dy] = [at.x - one.center[0], at.y - one.center[1]], own = turned(dx, dy, -one.yaw);
    return name === "top" ? own : [name === "side" ? at.u : at.u, at.v];
  }
  function grab(one, name, at) {
    const [a, b] = AXES[name], [u, v] = inside(one, name, at), half = [one.size[a] / 2, one.size[b] / 2], near = Math.min(HANDLE * at.metre, ...half.map((part) => part / 2));
    const sides = [Math.abs(Math.abs(u) - half[0]) < near && Math.abs(v) < half[1] + near ? Math.sign(u) : 0, Math.abs(Math.abs(v) - half[1]) < near && Math.abs(u) < half[0] + near ? Math.sign(v) : 0];
    if (name === "top" && Math.hypot(u - half[0] - 1, v) < Math.min(HANDLE * at.metre, .8)) return "turn";
    if (sides[0] || sides[1]) return sides;
    return Math.abs(u) < half[0] && Math.abs(v) < half[1] ? "move" : null;
  }
  function stretch(one, name, sides, from, to) {
    const start = structuredClone(one), [a, b] = AXES[name], size = [...start.size], moved = [0, 0, 0];
    [[a, 0], [b, 1]].forEach(([axis, at]) => {
      if (!sides[at]) return;
      size[axis] = round(Math.max(0.1, start.size[axis] + sides[at] * (to[at] - from[at])));
      moved[axis] = sides[at] * (size[axis] - start.size[axis]) / 2;
    });
    const [x, y] = turned(moved[0], moved[1], start.yaw);
    return { size, center: [round(start.center[0] + x), round(start.center[1] + y), round(start.center[2] + moved[2])] };
  }
  function down(event) {
    const at = view.at(event);
    canvas.setPointerCapture(event.pointerId);
    if (!at) return;
    if (reading || at.name === "round") { drag = { turn: true }; return; }
    if (armed && at.name === "top") { armed = false; add(at.x, at.y); return; }
    let one = all[chosen], how = one && here(one) && grab(one, at.name, at);
    if (!how && at.name === "top") {
      const found = all.findIndex((other) => here(other) && grab(other, "top", at));
      if (found >= 0) { choose(found, false); one = all[found]; how = "move"; }
    }
    if (!how) { drag = { pan: at.name }; return; }
    begin();
    drag = { how, one, at, name: at.name, from: inside(one, at.name, at), start: structuredClone(one) };
  }
  function move(event) {
    if (!drag) return;
    if (drag.turn) return view.turn(event.movementX, event.movementY, event.shiftKey || event.buttons === 2);
    if (drag.pan) return view.pan(drag.pan, event.movementX, event.movementY);
    const { how, one, start, name, from } = drag, at = view.at(event, name);
    if (how === "turn") change(one, { yaw: round(Math.atan2(at.y - one.center[1], at.x - one.center[0])) });
    else if (how === "move" && name === "top") change(one, { center: [round(start.center[0] + at.x - drag.at.x), round(start.center[1] + at.y - drag.at.y), start.center[2]] });
    else if (how === "move") {
      const along = at.u - drag.at.u, [x, y] = name === "side" ? turned(along, 0, start.yaw) : turned(0, along, start.yaw);
      change(one, { center: [round(start.center[0] + x), round(start.center[1] + y), round(start.center[2] + at.v - drag.at.v)] });
    } else change(one, stretch(start, name, how, from, inside(start, name, at)));
    draw();
  }
  function up() {
    if (JSON.stringify(all) === past.at(-1)) past.pop();
    else if (drag?.how) done();
    drag = null;
  }

  const STEPS = { ArrowLeft: [0, 1, 0], ArrowRight: [0, -1, 0], ArrowUp: [1, 0, 0], ArrowDown: [-1, 0, 0], PageUp: [0, 0, 1], PageDown: [0, 0, -1] };
  function key(event) {
    const one = all[chosen], step = STEPS[event.key], control = event.ctrlKey || event.metaKey;
    if (control && /^[zy]$/i.test(event.key)) event.key.toLowerCase() === "y" || event.shiftKey ? redo() : undo();
    else if (step && one) {
      const by = event.shiftKey ? LARGE : STEP, [x, y] = turned(step[0] * by, step[1] * by, one.yaw);
      begin();
      if (control) change(one, { size: one.size.map((size, axis) => round(Math.max(0.1, size + (axis === 1 ? -1 : 1) * step[axis] * by))) });
      else change(one, { center: [round(one.center[0] + x), round(one.center[1] + y), round(one.center[2] + step[2] * by)] });
      done();
    } else if (control || event.altKey) return;
    else if ((event.key === "q" || event.key === "e") && one) { begin(); change(one, { yaw: round(one.yaw + (event.key === "q" ? TURN : -TURN)) }); done(); }
    else if (event.key === "n") add(...view.middle());
    else if (event.key === "[") next(-1);
    else if (event.key === "]") next(1);
    else if (event.key === "Delete" || event.key === "Backspace") remove();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  function load(value) {
    all = value.cuboids ?? [];
    if (nothing) nothing.checked = value.nothing === true;
    past = [];
    future = [];
    choose(-1);
  }

  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => { view.zoom(event); event.preventDefault(); }, { passive: false });
  canvas.setAttribute("tabindex", "0");
  if (frames) frames.disabled = false;
  frames?.addEventListener("change", () => { frame = Number(frames.value); view.open(frame); choose(-1); });
  root.querySelectorAll("[data-tools]").forEach((one) => { one.hidden = false; });
  if (!reading) {
    canvas.addEventListener("keydown", key);
    names.forEach((one) => one.addEventListener("change", () => { if (all[chosen]) { begin(); change(all[chosen], { label: one.value }); done(); } }));
    nothing.addEventListener("change", () => { if (nothing.checked) { begin(); all = []; } choose(-1); write(); });
    const acts = { add: () => { armed = true; }, undo, redo, remove, before };
    root.querySelectorAll("[data-act]").forEach((one) => one.addEventListener("click", acts[one.dataset.act]));
  }
  return load;
}

export const drawAll = () => document.querySelectorAll("[data-cuboids]").forEach((root) => {
  if (!document.createElement("canvas").getContext("webgl")) return;
  const input = root.dataset.input && document.getElementById(root.dataset.input), load = tool(root, input);
  const read = () => load(JSON.parse((input ? input.value : root.dataset.value) || "{}"));
  if (input) {
    const plain = input.form.querySelector("[data-plain]");
    input.disabled = false;
    plain.hidden = plain.disabled = true;
    input.form.addEventListener("draft:restored", read);
  }
  read();
});
drawAll();
