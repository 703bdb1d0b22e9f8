// Makes a form livelier. Everything here is a convenience: the server decides, and a form works without it.
(function () {
  "use strict";

  var engine = window.jsonLogic;

  // The same three narrowings as definitions/operators.py: the unanswered is neither less nor more,
  // arithmetic with the unanswered has no answer, and a name is looked up as it is written.
  function number(value) {
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value === "number") return value;
    if (typeof value !== "string" || !/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(value.trim())) return null;
    return Number(value);
  }
  function nothing(value) { return value === null || value === undefined; }
  function equal(a, b) {
    if (nothing(a) || nothing(b)) return nothing(a) && nothing(b);
    if (typeof a === "string" && typeof b === "string") return a === b;
    var left = number(a);
    return left !== null && left === number(b);
  }
  function ordered(test) {
    return function () {
      for (var i = 0; i + 1 < arguments.length; i += 1) {
        var a = arguments[i], b = arguments[i + 1];
        if (typeof a === "string" && typeof b === "string") { if (!a || !b || !test(a, b)) return false; continue; }
        a = number(a); b = number(b);
        if (a === null || b === null || !test(a, b)) return false;
      }
      return true;
    };
  }
  function arithmetic(compute) {
    return function () {
      var values = Array.prototype.map.call(arguments, number);
      if (!values.length || values.indexOf(null) >= 0) return null;
      var result = compute(values);
      return Number.isFinite(result) ? result : null;
    };
  }
  function look(facts, name, fallback) {
    var known = facts && Object.prototype.hasOwnProperty.call(facts, name);
    return known && !nothing(facts[name]) ? facts[name] : (fallback === undefined ? null : fallback);
  }
  var table = {
    "==": equal,
    "!=": function (a, b) { return !equal(a, b); },
    "<": ordered(function (a, b) { return a < b; }),
    "<=": ordered(function (a, b) { return a <= b; }),
    ">": ordered(function (a, b) { return a > b; }),
    ">=": ordered(function (a, b) { return a >= b; }),
    "+": arithmetic(function (v) { return v.reduce(function (a, b) { return a + b; }); }),
    "*": arithmetic(function (v) { return v.reduce(function (a, b) { return a * b; }); }),
    "-": arithmetic(function (v) { return v.length === 1 ? -v[0] : v[0] - v[1]; }),
    "/": arithmetic(function (v) { return v[0] / v[1]; }),
    "%": arithmetic(function (v) { return v[0] % v[1]; }),
    "min": arithmetic(function (v) { return Math.min.apply(null, v); }),
    "max": arithmetic(function (v) { return Math.max.apply(null, v); }),
    "in": function (needle, hay) {
      if (Array.isArray(hay)) return hay.some(function (item) { return equal(needle, item); });
      return typeof hay === "string" && typeof needle === "string" && needle !== "" && hay.indexOf(needle) >= 0;
    },
    "var": function (name, fallback) { return look(this, name, fallback); },
    "missing": function () {
      var names = Array.isArray(arguments[0]) ? arguments[0] : Array.prototype.slice.call(arguments);
      var facts = this;
      return names.filter(function (name) {
        var value = look(facts, name);
        return nothing(value) || value === "" || (Array.isArray(value) && !value.length);
      });
    }
  };
  if (engine) Object.keys(table).forEach(function (name) { engine.add_operation(name, table[name]); });

  function all(root, selector) { return Array.prototype.slice.call(root.querySelectorAll(selector)); }
  function rule(element, name) {
    var text = element.getAttribute("data-" + name);
    return text === null ? undefined : JSON.parse(text);
  }
  function holds(expression, facts) {
    return expression === undefined || engine.truthy(engine.apply(expression, facts));
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
    return type === "number" ? number(value) : (value || null);
  }
  function filledRows(field) {
    return all(field, ".pd-row").filter(function (row) {
      return all(row, "input,select").some(function (cell) { return cell.value.trim(); });
    });
  }
  function sums(field) {
    var facts = {};
    all(field, "[data-total-of]").forEach(function (output) {
      var units = 0, places = 0, cells = all(field, "[data-total='" + output.dataset.totalOf + "']");
      cells.forEach(function (cell) { places = Math.max(places, (cell.value.split(".")[1] || "").length); });
      cells.forEach(function (cell) { units += Math.round((number(cell.value) || 0) * Math.pow(10, places)); });
      facts[field.dataset.key + "." + output.dataset.totalOf] = units / Math.pow(10, places);
      output.textContent = (units / Math.pow(10, places)).toFixed(places);
    });
    return facts;
  }

  // Conditions may look at fields whose own conditions just changed: settle until nothing moves.
  function settle(form) {
    var fields = all(form, ".pd-field");
    for (var round = 0; round < 10; round += 1) {
      var facts = {}, moved = false;
      fields.forEach(function (field) {
        if (field.closest(".pd-off")) return;
        if (field.dataset.formula) { facts[field.dataset.key] = number(field.dataset.value); return; }
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
    var value = engine.apply(rule(field, "formula"), facts);
    var text = nothing(value) ? "" : String(value);
    if ((field.dataset.value || "") === text) return false;
    field.dataset.value = text;
    field.querySelector("output").textContent = text === "" ? "—" : Number(value).toFixed(Number(field.dataset.decimals));
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
    if (engine) {
      body.addEventListener("input", function () { settle(body); });
      body.addEventListener("change", function () { settle(body); });
      settle(body);
    }
    if (form) guard(form);
    var faults = body.querySelector("#pd-faults");
    if (faults) faults.focus();
  });

}());
