(function () {
  "use strict";
  var rows = Array.prototype.slice.call(document.querySelectorAll(".m"));
  var find = document.getElementById("find");

  function reveal() {
    var at = location.hash && document.getElementById(location.hash.slice(1));
    for (var p = at; p; p = p.parentElement)
      if (p.tagName === "DETAILS") p.open = true;
    if (at) {
      at.scrollIntoView({ block: "center" });
      var head = at.querySelector("summary");
      if (head) head.focus();
    }
  }

  function visible(row) {
    return row.offsetParent !== null;
  }

  function move(by) {
    var shown = rows.filter(visible);
    var here = shown.indexOf(document.activeElement && document.activeElement.closest(".m"));
    var next = shown[here < 0 ? (by > 0 ? 0 : shown.length - 1) : here + by];
    if (next) next.querySelector("summary").focus();
  }

  function filter() {
    var words = find.value.toLowerCase().split(/\s+/);
    rows.forEach(function (row) {
      var text = row.querySelector("summary").textContent + " " + row.querySelector(".x p").textContent;
      text = text.toLowerCase();
      row.classList.toggle("hidden", !words.every(function (w) { return text.indexOf(w) >= 0; }));
    });
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "INPUT") return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "/" && find) { event.preventDefault(); find.focus(); }
  });
  if (find) find.addEventListener("input", filter);
  window.addEventListener("hashchange", reveal);
  reveal();
})();
