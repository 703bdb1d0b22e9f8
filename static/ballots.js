// Paper ballots typed in with one hand on the digits. A convenience only: without it the page is a plain form.
(function () {
  "use strict";

  var form = document.querySelector("[data-ballot]");
  if (!form) return;
  var code = document.getElementById("code");
  var rows = Array.prototype.slice.call(form.querySelectorAll(".tally-row"));
  var told = document.getElementById("code-told"), left = document.getElementById("rows-told");

  function cells(row) { return Array.prototype.slice.call(row.querySelectorAll("input")); }
  function chosen(row) { return cells(row).filter(function (cell) { return cell.checked; })[0]; }
  function enter(row) { (chosen(row) || cells(row)[0]).focus(); }
  function blank() { return rows.filter(function (row) { return !chosen(row); }); }
  function submitter() { return form.querySelector("[type=submit]"); }
  function beyond() { return form.querySelector(".pd-field textarea, .pd-field input:not([type=hidden])") || submitter(); }

  function after(row) {
    var next = rows[rows.indexOf(row) + 1];
    if (next) enter(next); else beyond().focus();
  }

  // The first Enter with rows left open goes to the first of them; the second says that the paper has them open too.
  var warned = false;
  function sure() {
    if (form.elements.sure) return;
    var said = document.createElement("input");
    said.type = "hidden"; said.name = "sure"; said.value = "yes";
    form.appendChild(said);
  }
  function send() {
    var open = blank();
    rows.forEach(function (row) { row.classList.toggle("is-blank", open.indexOf(row) >= 0); });
    if (told.textContent) { code.focus(); code.select(); return; }
    if (open.length && open.length < rows.length && !warned && !form.elements.sure) {
      warned = true;
      left.textContent = form.dataset.sayLeft.replace("0", open.length);
      enter(open[0]);
      return;
    }
    if (open.length && warned) sure();
    form.requestSubmit(submitter());
  }

  form.addEventListener("keydown", function (event) {
    var element = event.target, row = element.closest(".tally-row");
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter") {
      if (element.tagName === "TEXTAREA" && event.shiftKey) return;
      event.preventDefault();
      if (element === code) { if (rows[0]) enter(rows[0]); return; }
      send();
      return;
    }
    if (event.key === "Backspace" && (element === submitter() || element === beyond() && !element.value)) row = rows[rows.length - 1];
    if (!row) return;
    if (/^[0-9]$/.test(event.key)) {
      var all = cells(row), cell = event.key === "0" ? all[all.length - 1] : all[Number(event.key) - 1];
      event.preventDefault();
      if (!cell) return;
      cell.checked = true;
      row.classList.remove("is-blank");
      warned = false;
      left.textContent = "";
      after(row);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp" || event.key === "Backspace") {
      event.preventDefault();
      var to = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
      if (event.key === "Backspace") {
        // Takes back the key pressed last: that of the row above, unless this row has one.
        if (element.closest(".tally-row") === null) to = row;
        if (!chosen(row) && to) { cells(to).forEach(function (one) { one.checked = false; }); }
        cells(row).forEach(function (one) { one.checked = false; });
      }
      if (to) enter(to); else if (event.key === "ArrowDown") beyond().focus();
    }
  });

  // A code that was used, or is of no ballot, is told at once: the clerk types on meanwhile, and is called back.
  var asked = 0;
  code.addEventListener("change", function () {
    var turn = asked += 1, body = new FormData();
    told.textContent = "";
    code.removeAttribute("aria-invalid");
    if (!code.value.trim()) return;
    body.set("csrf_token", form.elements.csrf_token.value);
    body.set("code", code.value);
    fetch(form.dataset.look, { method: "POST", body: body, headers: { "X-Requested-With": "fetch" } })
      .then(function (answer) { return answer.ok ? answer.json() : null; })
      .then(function (said) {
        if (!said || !said.code || turn !== asked) return;
        told.textContent = said.code;
        code.setAttribute("aria-invalid", "true");
        code.setAttribute("aria-describedby", "code-told");
        code.focus();
        code.select();
      })
      .catch(function () { return null; });
  });
}());
