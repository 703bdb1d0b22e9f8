// Typing paper in at speed. A convenience only: without it the page is a plain form that the server checks.
(function () {
  "use strict";

  var form = document.querySelector("[data-entry]");
  if (!form) return;

  function all(root, selector) { return Array.prototype.slice.call(root.querySelectorAll(selector)); }
  function shown(element) { return !element.disabled && element.type !== "hidden" && element.offsetParent !== null; }

  // One stop for each question: the group of a choice counts once.
  function stops() {
    var seen = {};
    return all(form, "input, select, textarea, button[type=submit]").filter(function (element) {
      if (!shown(element) || element.tabIndex < 0 || element.closest(".entry-hold")) return false;
      if (element.type === "radio") {
        if (seen[element.name]) return false;
        seen[element.name] = true;
      }
      return true;
    });
  }
  function group(element) {
    return all(form, "input").filter(function (other) { return other.name === element.name && other.type === element.type; });
  }
  function here(element) {
    return element.type === "radio" ? stops().filter(function (stop) { return stop.name === element.name; })[0] : element;
  }
  function onwards(element, back) {
    var list = stops(), place = list.indexOf(here(element));
    var next = list[place + (back ? -1 : 1)];
    if (!next) return;
    var ticked = next.type === "radio" && group(next).filter(function (one) { return one.checked; })[0];
    (ticked || next).focus();
    if (next.select && next.type !== "file") next.select();
  }

  form.addEventListener("keydown", function (event) {
    var element = event.target;
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (event.key === "Enter" && element.tagName !== "BUTTON" && !(element.tagName === "TEXTAREA" && event.shiftKey)) {
      event.preventDefault();
      onwards(element, event.shiftKey);
      return;
    }
    if (!/^[0-9a-z]$/i.test(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (element.type === "radio" || element.type === "checkbox") {
      var number = /[0-9]/.test(event.key) ? Number(event.key) : event.key.toLowerCase().charCodeAt(0) - 87;
      var chosen = group(element)[number - 1];
      if (!chosen || element.closest(".entry-hold")) return;
      event.preventDefault();
      chosen.checked = element.type === "radio" ? true : !chosen.checked;
      chosen.dispatchEvent(new Event("input", { bubbles: true }));
      chosen.dispatchEvent(new Event("change", { bubbles: true }));
      if (element.type === "radio") onwards(chosen, false);
    }
  });

  // A list is found by typing a part of a name: what does not have it is left out.
  all(form, "select").forEach(function (list) {
    if (list.options.length < 8) return;
    var find = document.createElement("input");
    find.className = "input pd-input entry-find";
    find.type = "text";
    find.autocomplete = "off";
    find.setAttribute("aria-label", form.dataset.sayFind + (list.labels[0] ? list.labels[0].firstChild.textContent.trim() : ""));
    find.placeholder = form.dataset.sayFind;
    var pair = document.createElement("div");
    pair.className = "entry-pick";
    list.parentNode.insertBefore(pair, list);
    pair.appendChild(find);
    pair.appendChild(list);
    if (list.hasAttribute("autofocus")) find.focus();
    list.tabIndex = -1;
    var options = all(list, "option");
    find.addEventListener("input", function () {
      var typed = find.value.trim(), first = null;
      options.forEach(function (option) {
        var above = option.parentNode.tagName === "OPTGROUP" ? option.parentNode.label : "";
        var fits = option.value && (above + option.textContent).indexOf(typed) >= 0;
        option.hidden = Boolean(typed) && !fits;
        if (fits && !first) first = option;
      });
      list.value = typed && first ? first.value : "";
      list.dispatchEvent(new Event("input", { bubbles: true }));
      list.dispatchEvent(new Event("change", { bubbles: true }));
    });
  });

  // What is wrong with an answer is said where it stands, as soon as one goes on.
  var asked = 0;
  function told(field, sentence) {
    var place = field.querySelector(".entry-told");
    if (!sentence) { if (place) place.remove(); return; }
    if (!place) {
      place = document.createElement("p");
      place.className = "entry-told";
      place.setAttribute("role", "status");
      field.appendChild(place);
    }
    place.textContent = sentence;
  }
  form.addEventListener("focusout", function (event) {
    var field = event.target.closest(".pd-field, [data-tell]");
    if (!field || (event.relatedTarget && field.contains(event.relatedTarget))) return;
    var turn = asked += 1;
    var body = new FormData(form);
    all(form, "input[type=file]").forEach(function (element) { body.delete(element.name); });
    fetch(form.dataset.look, { method: "POST", body: body, headers: { "X-Requested-With": "fetch" } })
      .then(function (answer) { return answer.ok ? answer.json() : null; })
      .then(function (faults) {
        if (!faults || turn !== asked && !field.isConnected) return;
        var name = field.dataset.tell || "f_" + field.dataset.key;
        told(field, field.querySelector("input[type=file]") ? "" : faults[name]);
        field.classList.toggle("pd-wrong", Boolean(faults[name]));
      })
      .catch(function () { return null; });
  });
}());
