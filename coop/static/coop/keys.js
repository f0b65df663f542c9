// Keys in a form with data-keys: 1-9 choose, s goes to "skip", Ctrl+Enter sends. One-letter keys can be switched off.
const OFF = "keys-off";
const writing = (target) => target.matches("textarea, select, input:not([type=radio], [type=checkbox])");

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
  const show = () => {
    if (!toggle) return;
    toggle.hidden = false;
    toggle.setAttribute("aria-pressed", String(localStorage.getItem(OFF) === "1"));
  };
  toggle?.addEventListener("click", () => {
    localStorage.setItem(OFF, localStorage.getItem(OFF) === "1" ? "0" : "1");
    show();
  });
  show();
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-send]"));
    } else if (!event.ctrlKey && !event.metaKey && !event.altKey && !writing(event.target) && localStorage.getItem(OFF) !== "1") {
      if (/^[1-9]$/.test(event.key)) choose(form, event.key);
      if (event.key === "s") document.querySelector("[data-skip]")?.focus();
    }
  });
}
