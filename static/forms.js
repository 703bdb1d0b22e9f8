// Makes a form livelier. Everything here is a convenience: the server decides, and a form works without it.
(function () {
  "use strict";

  // Absent where the browser cannot count exactly: then the form is as it is without script.
  var language = window.expressions;

  function all(root, selector) { return Array.prototype.slice.call(root.querySelectorAll(selector)); }
  function rule(element, name) {
    var text = element.getAttribute("data-" + name);
    return text === null ? undefined : JSON.parse(text);
  }
  function holds(expression, facts) {
    return expression === undefined || language.holds(expression, facts);
  }

  function answer(field) {
    var type = field.dataset.type;
    var ticked = all(field, "input:checked").filter(function (box) { return !/-kept$/.test(box.name); });
    if (type === "multi_choice") return ticked.length ? ticked.map(function (box) { return box.value; }) : null;
    if (type === "yes_no") return ticked.length ? ticked[0].value === "yes" : null;
    if (type === "choice" || type === "grade") return ticked.length ? ticked[0].value : null;
    if (type === "matrix") return ticked.filter(function (box) { return box.value !== "-"; }).length || null;
    if (type === "file" || type === "photo") {
      return (all(field, "input[type=file]").reduce(function (sum, box) { return sum + box.files.length; }, 0) + all(field, "input[name$='-kept']:checked").length) || null;
    }
    if (type === "rows") return filledRows(field).length || null;
    var control = field.querySelector("input,select,textarea");
    var value = control ? control.value.trim() : "";
    if (type === "signature") return value ? true : null;
    return type === "number" ? typed(value) : (value || null);
  }
  // Full-width digits and commas between thousands are read as the server reads them.
  function typed(value) { return language.number(value.normalize("NFKC").replace(/,/g, "")); }
  function filledRows(field) {
    return all(field, ".pd-row").filter(function (row) {
      return all(row, "input,select").some(function (cell) { return cell.value.trim(); });
    });
  }
  function sums(field) {
    var facts = {}, any = filledRows(field).length > 0;
    all(field, "[data-total-of]").forEach(function (output) {
      if (!any) { output.textContent = "—"; return; }
      var places = 0, values = [0];
      all(field, "[data-total='" + output.dataset.totalOf + "']").forEach(function (cell) {
        var value = typed(cell.value);
        if (value === null) return;
        values.push(value);
        places = Math.max(places, (cell.value.normalize("NFKC").split(".")[1] || "").trim().length);
      });
      var sum = facts[field.dataset.key + "." + output.dataset.totalOf] = language.sum.apply(null, values);
      output.textContent = language.shown(sum, places);
    });
    return facts;
  }

  // What each computed field came to, not rounded, for the formulas that use it.
  var worked = new Map();

  // Conditions may look at fields whose own conditions just changed: settle until nothing moves.
  function settle(form) {
    var fields = all(form, ".pd-field");
    for (var round = 0; round < 10; round += 1) {
      var facts = {}, moved = false;
      fields.forEach(function (field) {
        if (field.closest(".pd-off")) return;
        if (field.dataset.formula) { facts[field.dataset.key] = worked.get(field); return; }
        facts[field.dataset.key] = answer(field);
        if (field.dataset.type === "rows") Object.assign(facts, sums(field));
      });
      all(form, "[data-visible]").forEach(function (element) {
        var hide = !holds(rule(element, "visible"), facts);
        if (element.classList.contains("pd-off") !== hide) { element.classList.toggle("pd-off", hide); moved = true; }
      });
      fields.forEach(function (field) { moved = compute(field, facts) || moved; });
      if (!moved) break;
    }
    fields.forEach(function (field) { mark(field, facts); });
  }
  function compute(field, facts) {
    if (!field.dataset.formula) return false;
    var value = language.number(language.evaluate(rule(field, "formula"), facts)), known = worked.get(field);
    if (known !== undefined && String(known) === String(value)) return false;
    worked.set(field, value);
    field.querySelector("output").textContent = language.shown(value, Number(field.dataset.decimals)) || "—";
    return true;
  }
  function mark(field, facts) {
    var must = rule(field, "required"), advised = rule(field, "advised");
    if (must !== undefined) field.querySelector(".pd-must").classList.toggle("pd-off", !holds(must, facts));
    if (advised !== undefined) field.querySelector(".pd-advice").classList.toggle("pd-off", !holds(advised, facts));
  }

  function counter(control) {
    var most = Number(control.dataset.most), line = document.createElement("p");
    if (control.tagName !== "TEXTAREA") return;
    line.className = "pd-count";
    line.setAttribute("aria-hidden", "true");
    control.after(line);
    function show() {
      var length = Array.from(control.value).length;
      line.textContent = length + " / " + most;
      line.classList.toggle("pd-over", length > most);
    }
    control.addEventListener("input", show);
    show();
  }

  function previews(input) {
    var place = document.createElement("span");
    input.closest(".pd-field").querySelector(".pd-previews").append(place);
    input.addEventListener("change", function () {
      all(place, "img").forEach(function (image) { URL.revokeObjectURL(image.src); });
      place.textContent = "";
      Array.prototype.forEach.call(input.files, function (file) {
        if (!/^image\//.test(file.type)) return;
        var image = document.createElement("img");
        image.alt = file.name;
        image.src = URL.createObjectURL(file);
        place.append(image);
      });
    });
  }

  // Words come from the page, so that they are in the reader's language.
  function say(element, name) { return element.closest("[data-pd-form]").getAttribute("data-say-" + name) || ""; }

  function moreRows(box) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "pd-more";
    button.textContent = "＋ " + say(box, "row");
    box.after(button);
    button.addEventListener("click", function () {
      var rows = all(box, ".pd-row"), next = rows.length;
      var row = rows[next - 1].cloneNode(true);
      all(row, "input,select").forEach(function (cell) {
        cell.value = "";
        cell.id = cell.name = cell.name.replace(/-\d+-([a-z0-9_]+)$/, "-" + next + "-$1");
      });
      all(row, "label").forEach(function (label) { label.htmlFor = label.htmlFor.replace(/-\d+-([a-z0-9_]+)$/, "-" + next + "-$1"); });
      row.setAttribute("aria-label", say(box, "nth").replace("0", next + 1));
      box.append(row);
      row.querySelector("input,select").focus();
      button.hidden = next + 1 >= Number(box.dataset.most);
    });
    button.hidden = all(box, ".pd-row").length >= Number(box.dataset.most);
  }

  // Drawing is offered beside typing, never instead of it.
  function pad(input) {
    var canvas = document.createElement("canvas"), clear = document.createElement("button"), last = null;
    canvas.className = "pd-pad"; canvas.width = 900; canvas.height = 300;
    canvas.setAttribute("aria-hidden", "true");
    var invite = document.createElement("p");
    invite.className = "pd-count"; invite.textContent = say(input, "draw");
    clear.type = "button"; clear.className = "pd-more"; clear.textContent = say(input, "clear");
    input.after(invite, canvas, clear);
    var pen = canvas.getContext("2d");
    pen.lineWidth = 5; pen.lineCap = "round"; pen.strokeStyle = "#111";
    function point(event) {
      var box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
    }
    canvas.addEventListener("pointerdown", function (event) { last = point(event); canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", function (event) {
      if (!last) return;
      var here = point(event);
      pen.beginPath(); pen.moveTo(last[0], last[1]); pen.lineTo(here[0], here[1]); pen.stroke();
      last = here;
    });
    canvas.addEventListener("pointerup", function () {
      last = null;
      input.value = canvas.toDataURL("image/png");
      input.hidden = true;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    clear.addEventListener("click", function () {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      input.value = ""; input.hidden = false;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    if (/^data:image\/png/.test(input.value)) {
      var drawn = new Image();
      drawn.addEventListener("load", function () { pen.drawImage(drawn, 0, 0); });
      drawn.src = input.value; input.hidden = true;
    }
  }

  // A second press while the first is under way is not a second answer.
  function guard(form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      all(form, "button[type=submit]").forEach(function (button) { button.setAttribute("aria-disabled", "true"); });
    });
    window.addEventListener("pageshow", function () {
      delete form.dataset.sent;
      all(form, "button[type=submit]").forEach(function (button) { button.removeAttribute("aria-disabled"); });
    });
  }

  all(document, "[data-pd-form]").forEach(function (body) {
    var form = body.closest("form");
    all(body, "textarea[data-most]").forEach(counter);
    all(body, "input[type=file]").forEach(previews);
    all(body, ".pd-rows").forEach(moreRows);
    all(body, ".pd-signature-text").forEach(pad);
    if (language) {
      body.addEventListener("input", function () { settle(body); });
      body.addEventListener("change", function () { settle(body); });
      settle(body);
    }
    if (form) guard(form);
    var faults = body.querySelector("#pd-faults");
    if (faults) faults.focus();
  });

}());
