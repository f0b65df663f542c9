// Keys in a form with data-keys: 1-9 choose, s goes to "skip", g to the guide, ? opens the list, Ctrl+Enter sends.
// One-letter keys can be switched off, those of widgets too.
const OFF = "keys-off";
const off = () => localStorage.getItem(OFF) === "1";
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

function choose(form, digit) {
  const boxes = form.querySelector("[data-key]") ? [] : [...form.querySelectorAll("input[type=radio], input[type=checkbox]")];
  const box = asked(form, digit)?.querySelector(`[data-key="${digit}"]`) ?? boxes[Number(digit) - 1];
  if (!box) return;
  box.focus();
  box.click();
}

export function listen(form) {
  const toggle = form.querySelector("[data-keys-toggle]");
  function list() {
    const keys = toggle?.closest("details");
    if (!keys) return;
    keys.open = !keys.open;
    keys.querySelector("summary").focus();
  }
  const show = () => {
    if (!toggle) return;
    toggle.hidden = false;
    toggle.setAttribute("aria-pressed", String(off()));
  };
  toggle?.addEventListener("click", () => {
    localStorage.setItem(OFF, off() ? "0" : "1");
    show();
  });
  show();
  // Before any widget hears of it.
  document.addEventListener("keydown", (event) => { if (single(event) && off()) event.stopPropagation(); }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-send]"));
    } else if (single(event)) {
      if (/^[1-9]$/.test(event.key)) choose(form, event.key);
      if (event.key === "s") document.querySelector("[data-skip]")?.focus();
      if (event.key === "g") document.querySelector("[data-guide]")?.focus();
      if (event.key === "?") list();
    }
  });
}
