/* Says every 20 seconds that this ticket is open here, and draws who else has it open. Silent in a hidden tab. */
(function () {
  var place = document.querySelector("[data-looking]");
  if (!place) return;

  function says(gone) {
    var data = new FormData();
    var shown = place.querySelector("[name=shown]");
    data.append("csrfmiddlewaretoken", JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]);
    data.append("version", place.dataset.version);
    data.append("shown", shown ? shown.value : "");
    if (gone) data.append("gone", "1");
    return data;
  }
  function look() {
    if (document.hidden) return;
    fetch(place.dataset.looking, { method: "POST", body: says(false) }).then(function (answer) {
      return answer.status === 200 ? answer.text().then(function (piece) { place.innerHTML = piece; }) : null;
    }).catch(function () { /* Without a network nobody is seen; the page works on. */ });
  }
  look();
  setInterval(look, 20000);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pagehide", function () { navigator.sendBeacon(place.dataset.looking, says(true)); });
})();
