// Makes the builder livelier: settings save themselves, options are offered as buttons. Everything works without.
(function () {
  "use strict";

  function all(root, selector) { return Array.prototype.slice.call(root.querySelectorAll(selector)); }

  // -- the width of the preview is remembered for this tab
  function width() {
    var kept = sessionStorage.getItem("preview-width");
    var box = kept && document.getElementById("preview-" + kept);
    if (box) box.checked = true;
  }
  document.addEventListener("change", function (event) {
    if (event.target.name === "preview-width") sessionStorage.setItem("preview-width", event.target.value);
  });

  // -- the field whose settings are open is brought into view, within the preview alone
  function show() {
    var preview = document.getElementById("builder-preview");
    var field = preview && preview.dataset.shows && preview.querySelector("[data-key='" + preview.dataset.shows + "']");
    if (!field) return;
    field.setAttribute("data-here", "");
    if (preview.scrollHeight > preview.clientHeight) {
      preview.scrollTop += field.getBoundingClientRect().top - preview.getBoundingClientRect().top - preview.clientHeight / 4;
    }
  }

  // -- settings save themselves
  function refresh(page) {
    ["builder-preview", "builder-faults"].forEach(function (id) {
      var fresh = page.getElementById(id), old = document.getElementById(id);
      if (!fresh || !old) return;
      var top = old.scrollTop;
      old.replaceWith(fresh);
      fresh.scrollTop = top;
    });
    var seen = page.querySelector("input[name=seen]");
    if (seen) all(document, "input[name=seen]").forEach(function (box) { box.value = seen.value; });
    width();
    // The form's own script looks once, when it is read: read it again for the new preview.
    var old = document.querySelector("script[src*='forms.js']"), fresh = document.createElement("script");
    if (old) { fresh.src = old.src; old.replaceWith(fresh); }
    show();
  }

  function autosave(form) {
    var status = document.getElementById("autosave-status"), timer = 0, running = false, again = false;
    function say(word) { status.textContent = status.dataset[word]; }
    function send() {
      if (running) { again = true; return; }
      running = true;
      var body = new FormData(form);
      // A key is changed by pressing the button, not while it is being typed.
      var key = form.querySelector("[name=key]");
      if (key) body.set("key", key.defaultValue);
      body.set("stay", "1");
      body.set("auto", "1");
      fetch(form.action, { method: "POST", body: new URLSearchParams(body), credentials: "same-origin" })
        .then(function (answer) {
          if (answer.status === 204) { say("unfinished"); return null; }
          if (!answer.ok) { say("failed"); return null; }
          return answer.text();
        })
        .then(function (html) {
          if (html === null) return;
          refresh(new DOMParser().parseFromString(html, "text/html"));
          say("saved");
        })
        .catch(function () { say("failed"); })
        .then(function () {
          running = false;
          if (again) { again = false; send(); }
        });
    }
    form.addEventListener("change", function () { clearTimeout(timer); timer = setTimeout(send, 300); });
    // A page of text follows what is being typed; words that an input method still composes are waited for.
    if (form.dataset.autosave === "typing") form.addEventListener("input", function (event) {
      clearTimeout(timer);
      if (!event.isComposing && event.target.tagName === "TEXTAREA") timer = setTimeout(send, 900);
    });
    form.addEventListener("submit", function (event) {
      clearTimeout(timer);
      // The page that comes back from a running save carries what the next one has to show.
      if (running) { event.preventDefault(); again = false; setTimeout(function () { form.requestSubmit(event.submitter); }, 100); }
    });
  }

  // -- options of the chosen field, as buttons beside the value
  function offer(line, options) {
    var field = line.querySelector("[data-rule-field]"), value = line.querySelector("[data-rule-value]");
    var box = document.createElement("span");
    box.className = "rule-names";
    line.append(box);
    // A name may itself contain a comma: known names are looked for first, the longest before the others.
    function names() {
      var known = (options[field.value] || []).slice().sort(function (a, b) { return b.length - a.length; });
      var left = value.value, found = [], next;
      for (left = trim(left); left; left = trim(left.slice(next.length))) {
        next = known.filter(function (name) { return left.indexOf(name) === 0 && !trim(left.charAt(name.length)); })[0] || left.split(/[、，,]/)[0];
        found.push(next.trim());
      }
      return found;
    }
    function trim(text) { return text.replace(/^[、，,\s]+|[、，,\s]+$/g, ""); }
    function draw() {
      box.textContent = "";
      (options[field.value] || []).forEach(function (name) {
        var button = document.createElement("button");
        button.type = "button";
        button.className = "button button--small";
        button.textContent = name;
        button.setAttribute("aria-pressed", String(names().indexOf(name) >= 0));
        button.addEventListener("click", function () {
          var now = names(), at = now.indexOf(name);
          if (at >= 0) now.splice(at, 1); else now.push(name);
          value.value = now.join("、");
          value.dispatchEvent(new Event("change", { bubbles: true }));
          button.setAttribute("aria-pressed", String(at < 0));
        });
        box.append(button);
      });
    }
    field.addEventListener("change", function () { value.value = ""; draw(); });
    value.addEventListener("input", draw);
    draw();
  }

  // -- a value is put where the cursor was
  function inserter(box) {
    var picker = box.querySelector("select"), button = box.querySelector("button"), last = null;
    // The page may have put the focus into a text before this script was there to see it.
    if (document.activeElement.matches("[data-takes-values]")) last = document.activeElement;
    document.addEventListener("focusin", function (event) {
      if (event.target.matches("[data-takes-values]")) last = event.target;
    });
    button.addEventListener("click", function (event) {
      var field = last || document.querySelector("[data-takes-values]");
      event.preventDefault();
      if (!picker.value || !field) return;
      field.setRangeText(picker.value, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("change", { bubbles: true }));
      field.focus();
    });
  }
  all(document, "[data-insert]").forEach(inserter);

  width();
  show();
  all(document, "[data-autosave]").forEach(autosave);
  var given = document.getElementById("rule-options");
  if (given) {
    var options = JSON.parse(given.textContent);
    all(document, ".rule-line").forEach(function (line) { offer(line, options); });
  }
  var here = document.querySelector("[autofocus]");
  if (here && here.id === "s-label") here.select();
}());
