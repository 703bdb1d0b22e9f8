// The code on a card comes after the #: browsers never send that part, so no server or proxy can log it.
(function () {
  "use strict";
  var box = document.getElementById("code");
  var code = decodeURIComponent(location.hash.slice(1).replace(/%(?![0-9a-f]{2})/gi, ""));
  if (box && code) {
    box.value = code.slice(0, 80);
    history.replaceState(null, "", location.pathname);
    box.form.querySelector("button").focus();
  }
  // A second press while the first is under way would only say that the code is spent.
  document.querySelectorAll("form").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
    window.addEventListener("pageshow", function () { delete form.dataset.sent; });
  });
}());
