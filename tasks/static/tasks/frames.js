// Boxes over frames: the value {"tracks": [{id, label, keys: [{frame, x, y, width, height}], until?}], "nothing"?: true} in a
// hidden input. What is moved in a frame is a key there; between keys boxes go in a straight line. Without this file a table asks.
import { drawing } from "./drawing.js";

const NUMBERS = ["x", "y", "width", "height"];
const numbers = (one) => Object.fromEntries(NUMBERS.map((name) => [name, one[name]]));
const same = (one, other) => NUMBERS.every((name) => one[name] === other[name]);

// Where a track is in a frame; nothing before its first key and after its end. As tasks/shapes/tracks.py reckons.
function box({ keys, until }, frame) {
  const after = keys.findIndex((key) => key.frame > frame), next = keys[after], before = after < 0 ? keys.at(-1) : keys[after - 1];
  if (!before || frame > (until ?? frame)) return null;
  if (!next) return numbers(before);
  const share = (frame - before.frame) / (next.frame - before.frame);
  return Object.fromEntries(NUMBERS.map((name) => [name, Math.round(100 * (before[name] + share * (next[name] - before[name]))) / 100]));
}

export const drawAll = () => document.querySelectorAll("[data-frames]").forEach((root) => {
  const input = document.getElementById(root.dataset.frames), form = input.form;
  const plain = form.querySelector("[data-plain]"), nothing = form.querySelector("[data-nothing]");
  const slider = root.querySelector("[data-frame]"), counted = root.querySelector("[data-counted]"), image = root.querySelector("img");
  const pictures = JSON.parse(root.dataset.pictures);
  let tracks = [], now = 0;

  const fresh = () => String(1 + Math.max(0, ...tracks.map((track) => Number(track.id) || 0)));
  const show = () => board.show(tracks.flatMap((track) => {
    const place = box(track, now);
    return place ? [{ type: "box", id: track.id, label: track.label, ...place }] : [];
  }));
  function turn(frame) {
    now = Math.min(Math.max(frame, 0), pictures.length - 1);
    const picture = pictures[now];
    image.srcset = `${picture.small} ${picture.small_width}w, ${picture.address} ${picture.facts.width}w`;
    image.src = picture.small;
    slider.value = now;
    counted.textContent = `${now + 1} / ${pictures.length}`;
    show();
  }
  function put(track, key) {
    track.keys = [...track.keys.filter((one) => one.frame !== now), key].sort((one, other) => one.frame - other.frame);
    if (track.until < track.keys.at(-1).frame) delete track.until;
  }
  function end(track) {
    track.keys = track.keys.filter((key) => key.frame < now);
    if (track.keys.length) track.until = now - 1;
    else tracks = tracks.filter((one) => one !== track);
  }
  // What is on the board in this frame goes into the tracks.
  function take() {
    const drawn = board.shapes();
    for (const one of drawn) {
      const track = tracks.find(({ id }) => id === one.id), was = track && box(track, now), key = { frame: now, ...numbers(one) };
      if (!track) {
        one.id = fresh();
        tracks.push({ id: one.id, label: one.label, keys: [key] });
      } else {
        track.label = one.label;
        if (!was) delete track.until;
        if (!was || !same(was, one)) put(track, key);
      }
    }
    tracks.filter((track) => box(track, now) && !drawn.some(({ id }) => id === track.id)).forEach(end);
    if (tracks.length) nothing.checked = false;
    input.value = JSON.stringify(nothing.checked ? { tracks, nothing: true } : { tracks });
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const board = drawing(root, take);
  const draw = () => {
    const value = JSON.parse(input.value || "{}");
    tracks = value.tracks ?? [];
    nothing.checked = value.nothing === true;
    turn(now);
  };
  input.disabled = false;
  plain.hidden = plain.disabled = true;
  nothing.addEventListener("change", () => {
    if (nothing.checked) tracks = [];
    show();
    take();
  });
  slider.addEventListener("input", () => turn(Number(slider.value)));
  root.addEventListener("keydown", (event) => {
    const step = { ",": -1, ".": 1 }[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input:not([type=range], [type=radio]), textarea")) return;
    turn(now + step);
    event.preventDefault();
  });
  form.addEventListener("draft:restored", draw);
  draw();
});
drawAll();
