// What plain pages cannot do: refresh a list in place, keys for the audit, a sign of life for the case that somebody
// holds, and the VIN enlarged off its photo.
"use strict";

function refreshInPlace(live) {
  const fetchAnew = async () => {
    if (document.hidden) return;
    let answer;
    try {
      answer = await fetch(location.href, { credentials: "same-origin", headers: { "Passlane-Refresh": "1" } });
    } catch {
      return; // The network is gone for the moment: what stands on the screen stays there.
    }
    if (answer.redirected) return location.reload();
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("live");
    if (!fresh) return;
    const active = live.contains(document.activeElement) ? document.activeElement : null;
    const [id, href] = [active?.id, active?.getAttribute("href")];
    const scrolled = [...live.querySelectorAll(".scroll")].map((region) => region.scrollLeft);
    live.replaceChildren(...fresh.childNodes);
    live.querySelectorAll(".scroll").forEach((region, at) => { region.scrollLeft = scrolled[at] ?? 0; });
    const again = id ? document.getElementById(id) : href && live.querySelector(`a[href=${JSON.stringify(href)}]`);
    again?.focus?.({ preventScroll: true });
  };
  setInterval(fetchAnew, 1000 * Number(live.dataset.refreshSeconds));
}

function auditKeys(event) {
  const typing = event.target.closest("input, textarea, select");
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
  const target = { p: "decide-pass", s: "reason", n: "next-case" }[event.key.toLowerCase()];
  const element = target && document.getElementById(target);
  if (!element) return;
  event.preventDefault();
  element.focus();
}

// The corners come in pixels of the upright photo, which only the browser knows the size of: the photo's own
// orientation mark may have turned it.
function showCrop(svg, photo) {
  const corners = svg.dataset.box.split(" ").map((corner) => corner.split(",").map(Number));
  if (corners.length !== 4 || !corners.flat().every(Number.isFinite)) return;
  const [first, second, , last] = corners;
  const width = Math.hypot(second[0] - first[0], second[1] - first[1]);
  const height = Math.hypot(last[0] - first[0], last[1] - first[1]);
  if (!(width > 0 && height > 0)) return;
  const middle = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / 4);
  const turn = (-180 / Math.PI) * Math.atan2(second[1] - first[1], second[0] - first[0]);
  const shown = [width * 1.08, height * 1.5];
  svg.setAttribute("viewBox", [middle[0] - shown[0] / 2, middle[1] - shown[1] / 2, ...shown].join(" "));
  svg.querySelector("g").setAttribute("transform", `rotate(${turn} ${middle[0]} ${middle[1]})`);
  const image = svg.querySelector("image");
  image.setAttribute("width", photo.naturalWidth);
  image.setAttribute("height", photo.naturalHeight);
  image.setAttribute("href", photo.src);
  svg.removeAttribute("hidden");
}

// A case stays its auditor's while the page is open. Where the hub says that it is not, the page says so.
function keepLease(form) {
  const beat = async () => {
    let answer;
    try {
      answer = await fetch(`/leases/${form.dataset.lease}/heartbeat`, {
        method: "POST", credentials: "same-origin", redirect: "manual", headers: { "Passlane-Refresh": "1" },
      });
    } catch {
      return; // The network is gone for the moment: the hub waits for some minutes.
    }
    if (answer.status !== 409) return;
    clearInterval(beating);
    const lost = document.getElementById("lease-lost");
    lost.textContent = await answer.text();
    lost.hidden = false;
  };
  const beating = setInterval(beat, 60_000);
}

for (const form of document.querySelectorAll("[data-lease]")) keepLease(form);
for (const live of document.querySelectorAll("[data-refresh-seconds]")) refreshInPlace(live);
document.addEventListener("keydown", auditKeys);
for (const svg of document.querySelectorAll("[data-crop]")) {
  const photo = document.querySelector(`[data-photo="${svg.dataset.crop}"]`);
  if (photo?.complete && photo.naturalWidth) showCrop(svg, photo);
  else photo?.addEventListener("load", () => showCrop(svg, photo), { once: true });
}
