// A few lines of comfort; every page works without them.
"use strict";

// An error is read out and seen first.
document.getElementById("problem")?.focus();

// The newest message of a thread is what people come for.
document.querySelector(".timeline > li:last-child:target")?.scrollIntoView({ block: "center" });

// Where the tabs do not fit, the one that is open is in sight.
{
  const tab = document.querySelector(".desk-tabs [aria-current]");
  const strip = tab?.parentElement;
  if (strip && strip.scrollWidth > strip.clientWidth) strip.scrollLeft = tab.offsetLeft - strip.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
}

// One tap is enough: a form that is on its way is not sent again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// Who receives and when it is ready stand in the text: ask for it anew.
document.querySelectorAll("#status-form :is(#f-by, #f-ready)").forEach((input) => {
  const text = document.getElementById("f-text");
  const shown = document.querySelector("#status-form [name=shown]");
  input.addEventListener("change", () => {
    if (!text || text.value === shown.value) input.form.requestSubmit(input.form.querySelector("[name=refresh]"));
  });
});

// What a text costs comes from the server; replacing what makes it dear, and
// putting in a field, need no journey there.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-replace], [data-insert]");
  const area = button && document.getElementById(button.dataset.replace || button.dataset.insert);
  if (!area) return;
  event.preventDefault();
  area.focus();
  if (button.dataset.replace) area.value = button.dataset.text;
  else area.setRangeText(button.dataset.text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
});
document.querySelectorAll("[data-insert]").forEach((button) => { button.hidden = false; });

// The sum of what is approved moves with each choice; the server counts again.
document.querySelectorAll("form[data-estimate]").forEach((form) => {
  const sum = form.querySelector("#estimate-sum");
  const money = new Intl.NumberFormat(form.dataset.locale, { style: "currency", currency: form.dataset.currency });
  form.querySelectorAll(".js-only").forEach((part) => { part.hidden = false; });
  const count = () => {
    let total = 0;
    form.querySelectorAll("input[value=approve]:checked").forEach((input) => { total += Number(input.dataset.price); });
    sum.textContent = money.format(total / 100);
  };
  form.addEventListener("change", count);
  count();
});
