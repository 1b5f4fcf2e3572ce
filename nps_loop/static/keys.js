/* Single keys, where the person has not switched them off (data-keys on the body). Nothing depends on them.
 *
 *   J K        next and previous row; on a ticket the links with data-key="j" and "k"
 *   Enter X    open the row, tick it
 *   /  ?  Esc  search, all keys, close
 *   G then …   the link in the navigation with data-go="…"
 *   any other  the link, button or fold with data-key="…"
 *
 * While one writes: Ctrl Enter sends the form by its main button, with Shift by the one that opens the next ticket; Esc
 * leaves the field, so that single keys count again.
 */
(function () {
  var body = document.body;
  if (!body || !body.hasAttribute("data-keys")) return;
  var going = 0;

  function typing(target) {
    return target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
  }
  function seen(element) { return element && element.getClientRects().length > 0; }
  function first(selector, within) {
    return Array.prototype.find.call((within || document).querySelectorAll(selector), seen) || null;
  }

  function step(by) {
    var rows = Array.prototype.filter.call(document.querySelectorAll(".rows > .row, tr[data-version]"), seen);
    if (!rows.length) {
      // An empty list says what to do instead.
      var way = by > 0 && first(".empty a");
      if (way) way.focus();
      return !!way;
    }
    var at = rows.findIndex(function (row) { return row.hasAttribute("aria-current"); });
    if (at < 0) at = rows.findIndex(function (row) { return row.matches(":target"); });
    var next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    rows.forEach(function (row) { row.removeAttribute("aria-current"); });
    next.setAttribute("aria-current", "true");
    next.querySelector(".row-link, th a").focus();
    return true;
  }
  function press(element) {
    if (!element) return false;
    if (element.tagName === "SUMMARY") {
      element.parentElement.open = true;
      element.scrollIntoView({ block: "nearest" });
      // What is to be written comes before what is chosen already.
      var fold = element.parentElement;
      (first("select:not([data-use-template]), textarea", fold) || first("input:not([type=hidden])", fold) || element).focus();
    } else if (element.matches("input, textarea, select")) {
      element.focus();
    } else {
      element.click();
    }
    return true;
  }
  function handle(key) {
    var row = document.querySelector(".rows > .row[aria-current]");
    if (Date.now() < going) { going = 0; return press(first('[data-go="' + key + '"]')); }
    if (key === "g") { going = Date.now() + 1200; return true; }
    if (key === "?") { var all = document.getElementById("keys"); if (all) all.showModal(); return !!all; }
    if (key === "/") return press(first("input[type=search]"));
    if (key === "j" && step(1)) return true;
    if (key === "k" && step(-1)) return true;
    if (key === "x" && row) return press(row.querySelector(".row-check")), true;
    // A fold that stands open hands its key on to what lies in it.
    return press(first('[data-key="' + key + '"]:not(details[open] > summary)') || first('[data-key="' + key + '"]'));
  }
  function send(form, on) {
    var next = on && first("button[name=then][value=next]", form);
    // A short form has no main button: then it is its first.
    return press(next || first("button.btn-primary", form) || first("button[type=submit]", form));
  }
  document.addEventListener("keydown", function (event) {
    var form = event.target.closest("main form");
    // On a link it opens another tab, as everywhere.
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form && !event.isComposing && !event.target.closest("a")) {
      if (send(form, event.shiftKey)) event.preventDefault();
      return;
    }
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    var key = event.key.length === 1 ? event.key.toLowerCase() : "";
    if (/^[a-z\/?]$/.test(key) && handle(key)) event.preventDefault();
  });
})();
