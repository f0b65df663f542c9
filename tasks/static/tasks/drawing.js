// Boxes, ellipses, points, polygons and lines on a picture, by mouse, finger and keys; everything in pixels of the original.
// `drawing(root, changed, about)` returns { show(shapes), shapes() }; `changed` is called after each change by hand,
// `about` shows what else is asked of the chosen shape.
const SVG = "http://www.w3.org/2000/svg";
const ZOOMS = [1, 2, 4];
const TAP = 4, HANDLE = 7, HIT = 22, POINTER = 11; // CSS pixels: what is no drag yet, what is seen of a handle, what takes a finger, a mouse
const clamp = (value, most) => Math.round(Math.min(Math.max(value, 0), most));
const between = ([a, b], [c, d]) => ({ x: Math.min(a, c), y: Math.min(b, d), width: Math.abs(c - a), height: Math.abs(d - b) });
const corners = ({ x, y, width, height }) => [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
const handles = (shape) => shape.points ?? (shape.type === "point" ? [] : corners(shape));
const LEAST = { polygon: 3, line: 2 }; // corners
const first = (shape) => shape.points?.[0] ?? [shape.x, shape.y];

function part(parent, name, given) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(given)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

function outline(parent, shape, given) {
  const { type, x, y, width, height } = shape;
  if (type === "box") return part(parent, "rect", { x, y, width, height, ...given });
  if (type === "ellipse") return part(parent, "ellipse", { cx: x + width / 2, cy: y + height / 2, rx: width / 2, ry: height / 2, ...given });
  if (type === "point") return part(parent, "circle", { cx: x, cy: y, ...given });
  const points = shape.points.join(" ");
  if (type === "polygon") return part(parent, "polygon", { points, ...given });
  part(parent, "polyline", { points, class: "grip", "data-shape": given["data-shape"] }); // a finger does not hit two pixels
  return part(parent, "polyline", { points, ...given });
}

export function drawing(root, changed, about) {
  const svg = root.querySelector("svg"), stage = root.querySelector(".stage"), image = root.querySelector("img");
  const list = root.querySelector("[data-list]"), said = root.querySelector("[data-live]"), loupe = root.querySelector(".loupe");
  const { width: W, height: H } = svg.viewBox.baseVal;
  const words = root.dataset, tools = [...root.querySelectorAll("[data-type]")], names = [...root.querySelectorAll("[data-label]")];
  const fingers = new Map(), only = JSON.parse(words.only || "{}"); // labels that are drawn as some types alone
  let shapes = [], chosen = -1, corner = -1, tool = tools[0].dataset.type, armed = false, open = false, fresh = false, drag, zoom = 0, past = [], future = [];

  const unit = () => W / (svg.getBoundingClientRect().width || W);
  const label = () => names.find((one) => one.checked)?.value ?? names[0].value;
  const fits = (type) => ((Object.hasOwn(only, label()) && only[label()]) || [type]).includes(type);
  const called = (shape, number) => `${shape.id ?? number + 1} ${shape.label}`;
  const where = (shape) => shape.points ? `${shape.points.length} ${words.corners}` : [...first(shape), shape.width && `${shape.width} × ${shape.height}`].filter((one) => one !== undefined).join(", ");
  const begin = () => { past.push(JSON.stringify(shapes)); future = []; };
  const end = () => { changed(); show(); };
  const tell = () => { const shape = shapes[chosen]; said.textContent = shape ? `${words[shape.type]} ${called(shape, chosen)}: ${where(shape)}` : ""; };

  function show() {
    const px = unit();
    svg.replaceChildren();
    shapes.forEach((shape, number) => {
      const colour = `l${names.findIndex((one) => one.value === shape.label) % 8}`, here = number === chosen;
      outline(svg, shape, { class: `shape ${colour}${here ? " chosen" : ""}`, "data-shape": number, r: HANDLE * px });
      const [x, y] = first(shape);
      part(svg, "text", { x, y: y - 4 * px < 12 * px ? y + 16 * px : y - 4 * px, class: colour, "font-size": 14 * px }).textContent = called(shape, number);
      if (here) handles(shape).forEach(([cx, cy], at) => part(svg, "circle", { cx, cy, r: HANDLE * px, class: `handle${at === corner ? " held" : ""}` }));
    });
    const typing = list.contains(document.activeElement) ? document.activeElement.dataset.of : undefined;
    list.replaceChildren(...shapes.map((shape, number) => {
      const entry = document.createElement("li"), button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button plain small", textContent: `${called(shape, number)} · ${where(shape)}` });
      button.setAttribute("aria-pressed", String(number === chosen));
      button.addEventListener("click", () => { choose(number); svg.focus({ preventScroll: true }); });
      entry.append(button);
      if (words.words) entry.append(written(shape, number));
      return entry;
    }));
    if (typing) list.querySelector(`[data-of="${typing}"]`)?.focus();
    about?.show(shapes[chosen], shapes[chosen] && called(shapes[chosen], chosen));
    if (!open && !fits(tool)) tool = tools.find((one) => fits(one.dataset.type)).dataset.type;
    tools.forEach((one) => {
      one.disabled = !fits(one.dataset.type);
      one.setAttribute("aria-pressed", String(one.dataset.type === tool && (armed || open)));
    });
  }

  // Where whoever draws writes what stands in a shape.
  function written(shape, number) {
    const field = Object.assign(document.createElement("input"), { value: shape.words ?? "", maxLength: 2000, ariaLabel: `${words.words} ${called(shape, number)}` });
    field.dataset.of = number;
    field.addEventListener("input", (event) => {
      event.stopPropagation();
      shape.words = field.value;
      if (!field.value) delete shape.words;
      changed();
    });
    return field;
  }

  function choose(number) {
    chosen = shapes.length ? (number + shapes.length) % shapes.length : -1;
    corner = -1;
    const shape = shapes[chosen], name = names.find((one) => one.value === shape?.label);
    if (name) name.checked = true;
    show();
    tell();
  }
  function add(shape) {
    begin();
    shapes.push({ type: tool, label: label(), ...shape });
    chosen = shapes.length - 1;
    corner = -1;
  }
  function remove() {
    if (chosen < 0) return;
    begin();
    shapes.splice(chosen, 1);
    open = false;
    choose(chosen ? chosen - 1 : 0);
    changed();
  }
  function back(from, to) {
    if (!from.length) return;
    to.push(JSON.stringify(shapes));
    shapes = JSON.parse(from.pop());
    open = false;
    choose(Math.min(chosen, shapes.length - 1));
    changed();
  }
  function shift(shape, dx, dy) {
    if (shape.points) {
      const xs = shape.points.map(([x]) => x), ys = shape.points.map(([, y]) => y);
      const mx = Math.min(Math.max(dx, -Math.min(...xs)), W - Math.max(...xs)), my = Math.min(Math.max(dy, -Math.min(...ys)), H - Math.max(...ys));
      shape.points = shape.points.map(([x, y]) => [Math.round(x + mx), Math.round(y + my)]);
    } else {
      shape.x = clamp(shape.x + dx, W - (shape.width ?? 0));
      shape.y = clamp(shape.y + dy, H - (shape.height ?? 0));
    }
  }
  function stretch(shape, dx, dy) {
    if (shape.width === undefined) return;
    shape.width = Math.max(1, clamp(shape.width + dx, W - shape.x));
    shape.height = Math.max(1, clamp(shape.height + dy, H - shape.y));
  }
  function anew() {
    const [x, y, w, h] = [W * 0.375, H * 0.375, W / 4, H / 4].map(Math.round);
    const points = [[x, y + h], [x + Math.round(w / 2), y], [x + w, y + h]];
    add(tool === "polygon" ? { points } : tool === "line" ? { points: points.slice(0, 2) } : tool === "point" ? { x: x + Math.round(w / 2), y: y + Math.round(h / 2) } : { x, y, width: w, height: h });
    tell();
    end();
  }

  const place = (event) => {
    const box = svg.getBoundingClientRect();
    return [clamp((event.clientX - box.left) * W / box.width, W), clamp((event.clientY - box.top) * H / box.height, H)];
  };
  function look(event, at) {
    loupe.hidden = event.pointerType !== "touch" || !drag;
    if (loupe.hidden) return;
    const box = stage.getBoundingClientRect(), size = loupe.offsetWidth, px = 2 / unit();
    loupe.style.backgroundImage = `url("${image.currentSrc}")`;
    loupe.style.backgroundSize = `${W * px}px ${H * px}px`;
    loupe.style.backgroundPosition = `${size / 2 - at[0] * px}px ${size / 2 - at[1] * px}px`;
    loupe.style.insetInlineStart = event.clientX - box.left < box.width / 2 ? `${box.width - size}px` : "0px";
  }
  // The handle of the chosen shape that a finger or mouse means: the nearest one, but of a small shape only its rim.
  function near(event, at) {
    const shape = shapes[chosen], px = unit();
    if (!shape) return -1;
    const reach = event.pointerType === "mouse" ? POINTER : HIT, small = shape.width === undefined ? reach : Math.max(8, Math.min(shape.width, shape.height) / px / 3);
    const inside = shape.width !== undefined && at[0] > shape.x && at[0] < shape.x + shape.width && at[1] > shape.y && at[1] < shape.y + shape.height;
    const far = handles(shape).map(([x, y]) => Math.hypot(at[0] - x, at[1] - y) / px), least = Math.min(...far);
    return least <= (inside ? Math.min(reach, small) : reach) ? far.indexOf(least) : -1;
  }
  // A polygon ends at its first corner, a line at its last.
  function cornerAt(at, reach) {
    const shape = open && shapes[chosen], close = shape && (tool === "line" ? shape.points.at(-1) : shape.points[0]);
    if (!shape) {
      add({ points: [at] });
      open = true;
    } else if (shape.points.length >= LEAST[tool] && Math.hypot(at[0] - close[0], at[1] - close[1]) < reach * unit()) {
      open = armed = false;
    } else {
      begin();
      shape.points.push(at);
    }
    const now = shapes[chosen], last = now.points.length - 1;
    drag = open ? (to) => { now.points[last] = to; } : null;
  }
  function down(event) {
    fingers.set(event.pointerId, event);
    svg.setPointerCapture(event.pointerId);
    if (fingers.size > 1) { drag = null; return; }
    const at = place(event), on = event.target.dataset, number = Number(on.shape), held = armed ? -1 : near(event, at);
    const put = () => cornerAt(at, tool === "line" && event.pointerType === "mouse" ? POINTER : HIT);
    if (LEAST[tool] && (open || armed)) put();
    else if (held >= 0) {
      begin();
      corner = held;
      const shape = shapes[chosen], anchor = shape.points ?? corners(shape)[(held + 2) % 4];
      drag = shape.points ? (to) => { shape.points[held] = to; } : (to) => Object.assign(shape, between(anchor, to));
    } else if (on.shape !== undefined && !armed) {
      choose(number);
      begin();
      let last = at;
      drag = (to) => { shift(shapes[number], to[0] - last[0], to[1] - last[1]); last = to; };
    } else if (LEAST[tool]) put();
    else {
      add(tool === "point" ? { x: at[0], y: at[1] } : between(at, at));
      const shape = shapes[chosen];
      fresh = true;
      drag = (to) => Object.assign(shape, tool === "point" ? { x: to[0], y: to[1] } : between(at, to));
    }
    look(event, at);
    show();
  }
  function moved(event) {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    fingers.set(event.pointerId, event);
    if (fingers.size > 1) stage.scrollBy((before.clientX - event.clientX) / 2, (before.clientY - event.clientY) / 2);
    else if (drag) { drag(place(event)); look(event, place(event)); show(); }
  }
  function up(event) {
    if (!fingers.delete(event.pointerId)) return;
    const shape = shapes[chosen];
    if (fresh && shape.width !== undefined && Math.min(shape.width, shape.height) < TAP * unit()) { shapes.splice(chosen, 1); chosen = -1; }
    else if (shape?.width !== undefined) stretch(shape, 0, 0);
    fresh = false;
    if (JSON.stringify(shapes) === past.at(-1)) past.pop();
    if (!LEAST[tool]) armed = false;
    drag = null;
    loupe.hidden = true;
    tell();
    end();
  }

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function key(event) {
    const shape = shapes[chosen], step = STEPS[event.key], control = event.ctrlKey || event.metaKey;
    if (control && /^[zy]$/i.test(event.key)) event.key.toLowerCase() === "y" || event.shiftKey ? back(future, past) : back(past, future);
    else if (step && shape) {
      const by = event.shiftKey ? Math.max(10, Math.round(W / 40)) : 1, [dx, dy] = step.map((one) => one * by);
      begin();
      if (shape.points?.[corner]) shape.points[corner] = [clamp(shape.points[corner][0] + dx, W), clamp(shape.points[corner][1] + dy, H)];
      else (control ? stretch : shift)(shape, dx, dy);
      tell();
      end();
    } else if (control || event.altKey) return;
    else if (event.key === "n") anew();
    else if (event.key === "[") choose(chosen - 1);
    else if (event.key === "]") choose(chosen + 1);
    else if (event.key === "c" && shape?.points) { corner = (corner + 1) % shape.points.length; show(); }
    else if (event.key === "a" && shape?.points) {
      begin();
      const at = Math.min(Math.max(corner, 0), shape.points.length - (shape.type === "line" ? 2 : 1)), [p, q] = [shape.points[at], shape.points[(at + 1) % shape.points.length]];
      shape.points.splice(at + 1, 0, [Math.round((p[0] + q[0]) / 2), Math.round((p[1] + q[1]) / 2)]);
      corner = at + 1;
      end();
    } else if (event.key === "Enter" && !open && words.words && shape) list.querySelector(`[data-of="${chosen}"]`).focus();
    else if (event.key === "Enter" && !open && about && shape) about.focus();
    else if (event.key === "Delete" || event.key === "Backspace") remove();
    else if (event.key === "Enter" && open) { open = armed = false; show(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  svg.addEventListener("pointerdown", down);
  svg.addEventListener("pointermove", moved);
  svg.addEventListener("pointerup", up);
  svg.addEventListener("pointercancel", up);
  svg.addEventListener("keydown", key);
  new ResizeObserver(show).observe(svg);
  tools.forEach((one) => one.addEventListener("click", () => {
    const same = one.dataset.type === tool && (armed || open);
    tool = one.dataset.type;
    open = false;
    armed = !same;
    show();
  }));
  names.forEach((one) => one.addEventListener("change", () => {
    const shape = shapes[chosen];
    if (shape && fits(shape.type)) {
      begin();
      shape.label = one.value;
      end();
      return;
    }
    chosen = -1; // what is drawn stays as it is
    open = false;
    show();
  }));
  const acts = { undo: () => back(past, future), redo: () => back(future, past), remove, zoom: () => {
    zoom = (zoom + 1) % ZOOMS.length;
    stage.firstElementChild.style.inlineSize = `${ZOOMS[zoom] * 100}%`;
    image.sizes = `${stage.clientWidth * ZOOMS[zoom]}px`;
  } };
  root.querySelectorAll("[data-act]").forEach((one) => one.addEventListener("click", acts[one.dataset.act]));
  root.querySelectorAll("[data-tools]").forEach((one) => { one.hidden = false; });
  svg.setAttribute("tabindex", "0");
  return { shapes: () => shapes, show: (given) => { shapes = given; chosen = -1; open = false; past = []; future = []; show(); } };
}
