/* Keeps the counts of an open list true and says how many rows changed. It never moves a row: somebody may be about
 * to press it. Without it a reload shows the same.
 */
(function () {
  var notice = document.querySelector("[data-changes]");
  if (!notice || !window.fetch) return;
  var every = 20000, tag = "", timer = 0;
  var show = notice.querySelector("a");
  show.href = location.pathname + location.search;

  function mark(row, is) {
    if (row.classList.contains("row-changed") === is) return;
    row.classList.toggle("row-changed", is);
    if (!is) return row.querySelector("[data-mark]").remove();
    var word = document.createElement("span");
    word.className = "vh";
    word.dataset.mark = "";
    word.textContent = " " + notice.dataset.changed;
    row.querySelector(".row-link, th a").after(word);
  }
  function draw(found) {
    Object.keys(found.counts).forEach(function (name) {
      document.querySelectorAll('[data-count="' + name + '"]').forEach(function (count) {
        if (count.textContent !== found.counts[name]) count.textContent = found.counts[name];
        if (name === "late") count.classList.toggle("count-hot", found.counts[name] !== "0");
      });
    });
    var known = {}, changed = 0;
    document.querySelectorAll(".row[data-version], tr[data-version]").forEach(function (row) {
      var number = row.id.slice(1), is = String(found.rows[number]) !== row.dataset.version;
      known[number] = true;
      mark(row, is);
      if (is) changed += 1;
    });
    changed += Object.keys(found.rows).filter(function (number) { return !known[number]; }).length;
    var text = changed === 1 ? notice.dataset.one : notice.dataset.many.replace("%n", changed), said = notice.querySelector("span");
    if (said.textContent !== text) said.textContent = text;
    notice.hidden = !changed;
  }
  function ask() {
    clearTimeout(timer);
    if (document.hidden) return;
    fetch(notice.dataset.changes, { headers: tag ? { "If-None-Match": tag } : {}, redirect: "error", cache: "no-store" })
      .then(function (answer) {
        if (answer.status === 200) { tag = answer.headers.get("ETag") || ""; return answer.json().then(draw); }
      })
      .catch(function () { /* logged out or offline: the page stays as it is */ })
      .then(function () { timer = setTimeout(ask, every); });
  }
  timer = setTimeout(ask, every);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) ask(); });
})();
