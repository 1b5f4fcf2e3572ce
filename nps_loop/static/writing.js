/* Writing on a ticket, made quicker. Every form works without it.
 *
 *   form[data-draft]     what is typed is kept on the server after a pause, and tried again while there is no connection
 *   [data-use-template]  choosing a template puts it in at once
 *   form[data-live]      shows how a mail reads while it is typed: its frame, and its subject and text
 *   [data-undo]          counts the seconds in which a mail can be called back
 */
(function () {
  var PAUSE = 1200, AGAIN = 10000;

  function keeping(form) {
    var note = form.querySelector("[data-draft-note]"), timer = 0, kept = fingerprint(), over = false;

    function data() {
      var fields = new FormData(form);
      fields.delete("template");
      return new URLSearchParams(fields);
    }
    function fingerprint() { return new URLSearchParams(new FormData(form)).toString(); }
    function say(words) { if (note) note.textContent = words; }
    function later(pause) { clearTimeout(timer); timer = setTimeout(keep, pause); }
    function keep() {
      var now = fingerprint();
      if (over || now === kept) return;
      fetch(form.dataset.draft, { method: "POST", body: data(), redirect: "manual", credentials: "same-origin" }).then(function (answer) {
        if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) { say(note ? note.dataset.out : ""); later(AGAIN); return null; }
        if (answer.status >= 500) throw new Error(answer.status);
        kept = now;
        return answer.json().then(function (body) { say(body.said); if (fingerprint() !== kept) later(PAUSE); });
      }).catch(function () { say(note ? note.dataset.failed : ""); later(AGAIN); });
    }
    form.addEventListener("input", function (event) { if (event.target.name !== "template") later(PAUSE); });
    form.addEventListener("change", function (event) { if (event.target.name !== "template") later(PAUSE); });
    form.addEventListener("submit", function (event) {
      if (navigator.onLine === false) { event.preventDefault(); say(note ? note.dataset.failed : ""); return; }
      over = true;
      clearTimeout(timer);
    });
    window.addEventListener("online", keep);
    window.addEventListener("pageshow", function () { over = false; });
    // Whoever leaves within the pause loses nothing either.
    window.addEventListener("pagehide", function () {
      if (!over && fingerprint() !== kept && navigator.sendBeacon) navigator.sendBeacon(form.dataset.draft, data());
    });
  }

  function previewing(form) {
    var timer = 0, asked = 0, frame = document.getElementById(form.dataset.frame);
    function show() {
      var fields = new URLSearchParams(new FormData(form)), mine = ++asked, sent = document.createElement("form"), fresh = frame.cloneNode(false);
      // A new frame begins without a past, so that the way back of the page stays what it was.
      fresh.removeAttribute("src");
      fresh.name = "live-" + mine;
      frame.replaceWith(fresh);
      frame = fresh;
      sent.method = "post"; sent.action = form.dataset.live; sent.target = fresh.name; sent.hidden = true;
      fields.forEach(function (value, name) { var field = document.createElement("textarea"); field.name = name; field.value = value; sent.append(field); });
      document.body.append(sent);
      sent.submit();
      sent.remove();
      fields.set("words", "1");
      fetch(form.dataset.live, { method: "POST", body: fields, credentials: "same-origin" }).then(function (answer) { return answer.ok ? answer.json() : null; }).then(function (mail) {
        if (!mail || mine !== asked) return;
        document.querySelector("[data-live-subject]").textContent = mail.subject;
        document.querySelector("[data-live-text]").textContent = mail.text;
      }).catch(function () {});
    }
    form.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(show, 500); });
  }

  function counting(notice) {
    var number = notice.querySelector("[data-undo-n]"), until = Date.now() + 1000 * Number(notice.dataset.undo);
    var timer = setInterval(function () {
      var left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      if (number) number.textContent = left;
      if (left) return;
      clearInterval(timer);
      notice.querySelector("[data-undo-left]").textContent = notice.dataset.gone;
      notice.querySelector("form").remove();
    }, 250);
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("form[data-draft]").forEach(keeping);
    document.querySelectorAll("form[data-live]").forEach(previewing);
    document.querySelectorAll("[data-undo]").forEach(counting);
    document.querySelectorAll("[data-use-template]").forEach(function (select) {
      select.addEventListener("change", function () {
        var put = select.form.querySelector("[name=use-template]");
        if (select.value && put) select.form.requestSubmit(put);
      });
    });
  });
})();
