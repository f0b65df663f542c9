// Keys in a form with data-keys: 1-9 choose, s goes to "skip", g to the guide, ? opens the list, Ctrl+Enter sends.
// One-letter keys can be switched off, those of widgets too; whoever wants it sends by Enter alone.
const OFF = "keys-off", ENTER = "keys-enter";
const chosen = (name) => localStorage.getItem(name) === "1";
const off = () => chosen(OFF);
const writing = (target) => target.matches("textarea, select, input:not([type=radio], [type=checkbox])");

// A letter, a digit or a mark by itself, while nobody writes; Space, Enter, arrows and what goes with Ctrl are none.
const single = (event) => event.key?.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey && !writing(event.target);

// Where several questions have the digit: the one in hand, if it is open or takes several; else the first that is open.
function asked(form, digit) {
  const groups = [...form.querySelectorAll("fieldset")].filter((one) => one.querySelector(`[data-key="${digit}"]`));
  const here = groups.find((one) => one.contains(document.activeElement));
  const open = (one) => one && (!one.querySelector(":checked") || one.querySelector("[type=checkbox]"));
  return open(here) ? here : groups.find(open) ?? here ?? groups[0];
}

// Enter where it has no work of its own.
const idle = (event) => !event.defaultPrevented && !event.shiftKey && !event.altKey && !event.target.matches("textarea, select, button, a, summary, [role=button]");

function enter(event, form) {
  const own = event.target.form ?? form; // another form on the page sends itself
  if (own !== form || event.isComposing || event.repeat) return;
  const sends = event.ctrlKey || event.metaKey || (chosen(ENTER) && idle(event));
  // By itself a browser takes Enter in a field for a press of the form's first button, whatever that does.
  if (sends || (event.target.matches("input") && event.target.form === form)) event.preventDefault();
  if (sends) form.requestSubmit(form.querySelector("[data-send]"));
}

function choose(form, digit) {
  const boxes = form.querySelector("[data-key]") ? [] : [...form.querySelectorAll("input[type=radio], input[type=checkbox]")];
  const box = asked(form, digit)?.querySelector(`[data-key="${digit}"]`) ?? boxes[Number(digit) - 1];
  if (!box) return;
  box.focus();
  box.click();
}

export function listen(form) {
  const choices = form.querySelector("[data-keys-choices]");
  function list() {
    const keys = choices?.closest("details");
    if (!keys) return;
    keys.open = !keys.open;
    keys.querySelector("summary").focus();
  }
  if (choices) choices.hidden = false;
  choices?.querySelectorAll("button").forEach((one) => {
    const show = () => one.setAttribute("aria-pressed", String(chosen(one.dataset.keys)));
    one.addEventListener("click", () => {
      localStorage.setItem(one.dataset.keys, chosen(one.dataset.keys) ? "0" : "1");
      show();
    });
    show();
  });
  // Before any widget hears of it.
  document.addEventListener("keydown", (event) => { if (single(event) && off()) event.stopPropagation(); }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter") enter(event, form);
    else if (single(event)) {
      if (/^[1-9]$/.test(event.key)) choose(form, event.key);
      if (event.key === "s") document.querySelector("[data-skip]")?.focus();
      if (event.key === "g") document.querySelector("[data-guide]")?.focus();
      if (event.key === "?") list();
    }
  });
}
