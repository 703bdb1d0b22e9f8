// Settings of a procedure save themselves, and the list of faults and the drawing follow. Everything works without.
(function () {
  "use strict";

  function refresh(page) {
    ["procedure-faults", "procedure-diagram"].forEach(function (id) {
      var fresh = page.getElementById(id), old = document.getElementById(id);
      if (fresh && old) old.replaceWith(fresh);
    });
    var seen = page.querySelector("input[name=seen]");
    if (seen) document.querySelectorAll("input[name=seen]").forEach(function (box) { box.value = seen.value; });
  }

  function autosave(form) {
    var status = document.getElementById("autosave-status"), timer = 0, running = false, again = false;
    function say(word) { if (status) status.textContent = status.dataset[word]; }
    function send() {
      if (running) { again = true; return; }
      running = true;
      var body = new FormData(form), key = form.querySelector("[name=key]");
      // A key is changed, an effect added or taken away by pressing the button, not on the way.
      if (key) body.set("key", key.defaultValue);
      body.delete("effects-new");
      Array.from(body.keys()).forEach(function (name) { if (/^effects-\d+-delete$/.test(name)) body.delete(name); });
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
    form.addEventListener("change", function (event) {
      // A line that is new or goes away changes the page itself: it is kept when the button is pressed.
      if (/^effects-(new|\d+-delete)$/.test(event.target.name)) return;
      clearTimeout(timer);
      timer = setTimeout(send, 400);
    });
    form.addEventListener("submit", function (event) {
      clearTimeout(timer);
      if (running) {
        event.preventDefault();
        again = false;
        setTimeout(function () { form.requestSubmit(event.submitter); }, 100);
      }
    });
  }

  document.querySelectorAll("[data-procedure-autosave]").forEach(autosave);
}());
