// Nothing typed is lost: saved on the server as one types; while that cannot be reached, kept in this browser until
// it can. Anonymous forms are kept nowhere. Photos are made smaller before they travel. All of it is convenience:
// the page works without.
(function () {
  "use strict";

  var store = window.localStorage;
  function remember(key, value) { try { store.setItem(key, JSON.stringify(value)); } catch (_error) { return; } }
  function forget(key) { try { store.removeItem(key); } catch (_error) { return; } }
  function recall(key) { try { return JSON.parse(store.getItem(key)); } catch (_error) { return null; } }

  var done = document.querySelector("[data-done]");
  // All of a rater's reports by one method end on one page, whatever their links named.
  if (done) {
    var gone = "fill:" + done.dataset.done;
    try {
      Object.keys(store).forEach(function (name) { if (name === gone || (/-$/.test(gone) && name.indexOf(gone) === 0)) forget(name); });
    } catch (_error) { return; }
    return;
  }

  var form = document.querySelector("form[data-filling]");
  if (!form) return;
  var say = form.dataset, state = form.querySelector("[data-draft-state]");
  var key = say.kept ? "fill:" + say.kept : "";
  function tell(words) { if (state) state.textContent = words; }
  function box(name) { return form.querySelector("input[type=hidden][name=" + name + "]"); }

  // What was typed, without files and without what belongs to the page alone.
  function typed() {
    return Array.from(new FormData(form).entries()).filter(function (pair) {
      return typeof pair[1] === "string" && /^f_/.test(pair[0]);
    });
  }
  function fill(pairs) {
    var left = new Map();
    pairs.forEach(function (pair) { left.set(pair[0], (left.get(pair[0]) || []).concat([pair[1]])); });
    addRows(pairs);
    Array.from(form.elements).forEach(function (control) {
      if (!/^f_/.test(control.name) || control.type === "file" || /-kept$/.test(control.name)) return;
      var values = left.get(control.name) || [];
      if (control.type === "radio" || control.type === "checkbox") control.checked = values.indexOf(control.value) >= 0;
      else control.value = values.length ? values[0] : "";
      control.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  // Rows that the page does not show yet are asked for with the page's own button.
  function addRows(pairs) {
    form.querySelectorAll(".pd-rows").forEach(function (rows) {
      var most = -1;
      pairs.forEach(function (pair) {
        var found = pair[0].indexOf(rows.dataset.name + "-") === 0 && pair[0].slice(rows.dataset.name.length).match(/^-(\d+)-/);
        if (found) most = Math.max(most, Number(found[1]));
      });
      var more = rows.nextElementSibling;
      while (more && rows.querySelectorAll(".pd-row").length <= most && !more.hidden) more.click();
    });
  }

  var timer = 0, saving = false, again = false, last = JSON.stringify(typed()), stopped = false;
  function keepHere() {
    if (key) remember(key, { token: box("token").value, seen: box("seen").value, resume: box("resume").value, typed: typed() });
  }
  function later(wait) { clearTimeout(timer); timer = setTimeout(save, wait); }
  function save() {
    if (!say.draft || stopped || form.dataset.sent) return;
    if (saving) { again = true; return; }
    var now = JSON.stringify(typed());
    if (now === last) return;
    saving = true;
    var data = new FormData(form);
    Array.from(data.entries()).forEach(function (pair) { if (typeof pair[1] !== "string") data.delete(pair[0]); });
    tell(say.saySaving);
    fetch(say.draft, { method: "POST", body: data, headers: { Accept: "application/json" }, redirect: "error" })
      .then(function (answer) { return answer.json().then(function (told) { return [answer.ok, told]; }); })
      .then(function (pair) {
        saving = false;
        if (!pair[0]) { stopped = pair[1].code === "draft_moved"; tell(pair[1].sentence); return; }
        last = now;
        box("seen").value = pair[1].seen;
        if (pair[1].resume) box("resume").value = pair[1].resume;
        tell(say.saySaved + " " + pair[1].at);
        if (JSON.stringify(typed()) === now) forget(key); else later(500);
        if (again) { again = false; later(500); }
      })
      .catch(function () { saving = false; tell(say.sayOffline); later(4000); });
  }
  if (say.draft) {
    form.addEventListener("input", function () { keepHere(); later(1500); });
    form.addEventListener("change", function () { keepHere(); later(1500); });
    window.addEventListener("online", function () { later(0); });
    document.addEventListener("visibilitychange", function () { if (document.hidden) save(); });
    offer();
  }

  // Something is here that never reached the server: the page died, or the line.
  function offer() {
    var held = recall(key);
    if (!held || !Array.isArray(held.typed) || JSON.stringify(held.typed) === last) { forget(key); return; }
    var bar = document.createElement("div"), words = document.createElement("p");
    bar.className = "alert alert--warn fill-found"; bar.setAttribute("role", "status");
    words.textContent = say.sayFound;
    bar.append(words, press(say.sayRestore, function () {
      box("token").value = held.token; box("seen").value = held.seen; box("resume").value = held.resume;
      bar.remove(); fill(held.typed); later(0);
    }), press(say.sayDrop, function () { forget(key); bar.remove(); }));
    form.before(bar);
  }
  function press(words, act) {
    var button = document.createElement("button");
    button.type = "button"; button.className = "button button--small"; button.textContent = words;
    button.addEventListener("click", act);
    return button;
  }

  // Is anybody there? Only then the page is left: otherwise what was typed would go with it.
  var sure = false;
  form.addEventListener("submit", function (event) {
    if (sure) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    var pressed = event.submitter;
    fetch("/healthz", { cache: "no-store", credentials: "omit" }).then(function () {
      sure = true;
      form.requestSubmit(pressed || undefined);
      setTimeout(function () { sure = false; }, 0);
    }).catch(function () { tell(say.sayAway); });
  }, true);

  // A photo from a phone is far larger than anyone will look at.
  var SIDE = 2000, LARGE = 400000;
  form.addEventListener("change", function (event) {
    var input = event.target;
    if (input.type !== "file" || input.dataset.shrunk || !window.createImageBitmap || !window.DataTransfer) return;
    if (!input.closest(".pd-t-photo")) return;
    var files = Array.from(input.files);
    if (!files.some(function (file) { return /^image\/(jpeg|png|webp)$/.test(file.type) && file.size > LARGE; })) return;
    Promise.all(files.map(smaller)).then(function (made) {
      var transfer = new DataTransfer();
      made.forEach(function (file) { transfer.items.add(file); });
      input.dataset.shrunk = "yes";
      input.files = transfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
      delete input.dataset.shrunk;
      tell(say.sayShrunk);
    }).catch(function () { return; });
  });
  function smaller(file) {
    if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size <= LARGE) return Promise.resolve(file);
    return createImageBitmap(file, { imageOrientation: "from-image" }).then(function (picture) {
      var scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
      var canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale); canvas.height = Math.round(picture.height * scale);
      var pen = canvas.getContext("2d");
      pen.fillStyle = "#fff"; pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      return new Promise(function (give) {
        canvas.toBlob(function (blob) {
          if (!blob || blob.size >= file.size) { give(file); return; }
          give(new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }));
        }, "image/jpeg", 0.85);
      });
    });
  }
}());
