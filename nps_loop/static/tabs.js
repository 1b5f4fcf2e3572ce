/* Where the tabs of a page reach beyond a narrow screen, the one that is open is brought into sight. */
document.querySelectorAll(".views > [aria-current]").forEach(function (tab) {
  var views = tab.parentElement, all = views.getBoundingClientRect(), one = tab.getBoundingClientRect();
  views.scrollLeft += one.left + one.width / 2 - (all.left + all.width / 2);
});
