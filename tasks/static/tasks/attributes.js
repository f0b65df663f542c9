// What is asked of the chosen shape beside its place: fields in [data-asked], kept in shape.attributes as {name: text, number or list}.
const listed = (held) => (held === undefined ? [] : [held].flat());
const heldOf = ({ attributes = {} }, name) => (Object.hasOwn(attributes, name) ? listed(attributes[name]) : []);
// Further than any bound: what the check names, and JSON still holds.
const BEYOND = 1e14;
const applies = ({ labels, when = {} }, shape) => (!labels || labels.includes(shape.label))
  && Object.entries(when).every(([name, some]) => heldOf(shape, name).some((one) => some.includes(one)));

// Returns { show(shape, name), tidy(shape), focus() }; `changed` is called after each change by hand; nothing where nothing is asked.
export function asked(root, changed) {
  const panel = root.querySelector("[data-asked]");
  if (!panel) return null;
  const parts = [...panel.querySelectorAll("[data-attribute]")].map((part) => ({
    part, name: part.dataset.attribute, only: JSON.parse(part.dataset.if), fields: [...part.querySelectorAll("input, select")],
  }));
  let shape;

  const said = ({ part, fields }) => {
    if (part.querySelector("fieldset")) return fields.filter((one) => one.checked).map((one) => one.value);
    const { type, value } = fields[0];
    return type === "number" && value ? Math.max(-BEYOND, Math.min(BEYOND, Number(value))) : value;
  };
  // In their order: what one says can be what another one waits for.
  function tidy(one) {
    if (!one.attributes) return;
    for (const { name, only } of parts) if (!applies(only, one)) delete one.attributes[name];
    if (!Object.keys(one.attributes).length) delete one.attributes;
  }
  // What is not asked is switched off too: no browser holds back an answer for it.
  const open = () => parts.forEach(({ part, only, fields }) => {
    part.hidden = !applies(only, shape);
    fields.forEach((one) => { one.disabled = part.hidden; });
  });
  function show(now, name) {
    const same = now && now === shape;
    shape = now;
    panel.hidden = panel.disabled = !now;
    if (!now) return;
    panel.querySelector("[data-asked-of]").textContent = name;
    open();
    for (const { name: of, fields } of parts) {
      const held = heldOf(now, of).map(String);
      for (const one of fields) {
        if (one.type === "checkbox") one.checked = held.includes(one.value);
        else if (!same || one !== document.activeElement) one.value = held[0] ?? "";
      }
    }
  }
  panel.addEventListener("input", (event) => {
    event.stopPropagation();
    const found = parts.find(({ fields }) => fields.includes(event.target)), value = said(found);
    shape.attributes = { ...shape.attributes, [found.name]: value };
    if (value === "" || value.length === 0) delete shape.attributes[found.name];
    tidy(shape);
    open();
    changed();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") root.querySelector("svg").focus({ preventScroll: true });
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) event.preventDefault(); // the answer is sent by its button
  });
  return { show, tidy, focus: () => parts.find(({ part }) => !part.hidden)?.fields[0].focus() };
}
