// Shows a survey in a page of another site:
// <script src="https://…/survey/embed.js" data-link="https://…/survey-link/<token>/" async></script>
// data-at, data-email, data-external-id, data-name and data-signature say who is asked, signed by that site's server.
(() => {
  const tag = document.currentScript;
  if (!tag || !tag.dataset.link) return;
  const address = new URL(tag.dataset.link);
  if (address.origin !== new URL(tag.src).origin) return;
  const names = { at: "at", email: "email", externalId: "external_id", name: "name", signature: "signature", language: "language" };
  for (const [given, sent] of Object.entries(names)) {
    if (tag.dataset[given]) address.searchParams.set(sent, tag.dataset[given]);
  }
  const frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = tag.dataset.title || "Survey";
  frame.width = "100%";
  frame.height = tag.dataset.height || "760";
  frame.setAttribute("frameborder", "0");
  tag.insertAdjacentElement("afterend", frame);
})();
