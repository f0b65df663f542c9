// Shapes on one image: the value {"shapes": […], "nothing"?: true} in a hidden input. Without this file a table asks for them.
import { asked } from "./attributes.js";
import { drawing } from "./drawing.js";

export const drawAll = () => document.querySelectorAll("[data-image]").forEach((root) => {
  const input = document.getElementById(root.dataset.image), form = input.form;
  const plain = form.querySelector("[data-plain]"), nothing = form.querySelector("[data-nothing]");
  const read = () => JSON.parse(input.value || "{}");
  const write = () => {
    const shapes = board.shapes();
    if (about) shapes.forEach(about.tidy);
    if (shapes.length) nothing.checked = false;
    input.value = JSON.stringify(nothing.checked ? { shapes, nothing: true } : { shapes });
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const about = asked(root, write), board = drawing(root, write, about);
  const draw = () => {
    board.show(read().shapes ?? []);
    nothing.checked = read().nothing === true;
  };
  input.disabled = false;
  plain.hidden = plain.disabled = true;
  nothing.addEventListener("change", () => {
    if (nothing.checked) board.show([]);
    write();
  });
  form.addEventListener("draft:restored", draw);
  draw();
});
drawAll();
