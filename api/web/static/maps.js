// Maps are zoomed and moved: by their buttons, by the arrow keys, + and −, and by dragging. Labels keep their size.
const MOST = 16, STEP = 1.6, MOVE = 0.2, CLICK = 4;
const KEYS = { ArrowLeft: [-MOVE, 0], ArrowRight: [MOVE, 0], ArrowUp: [0, -MOVE], ArrowDown: [0, MOVE] };
const ZOOMS = { "+": STEP, "=": STEP, "-": 1 / STEP, "0": 0 };
const views = new WeakMap();
const within = (value, most) => Math.min(Math.max(value, 0), most);
const sizeOf = (svg) => (svg.dataset.whole ??= svg.getAttribute("viewBox")).split(" ").slice(2).map(Number);
const viewOf = (svg) => views.get(svg) ?? { x: 0, y: 0, zoom: 1 };
const mapOf = (target) => target.closest?.("[data-map]")?.querySelector("svg.map");

function show(svg, x, y, zoom) {
  const [width, height] = sizeOf(svg).map((side) => side / zoom);
  const view = { x: within(x, width * (zoom - 1)), y: within(y, height * (zoom - 1)), zoom };
  views.set(svg, view);
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${width} ${height}`);
  svg.style.touchAction = zoom > 1 ? "none" : "";
  for (const sign of svg.querySelectorAll(".place, .turn, .head")) {
    const box = (sign.querySelector(".dot, text") ?? sign).getBBox();
    sign.style.transformOrigin = `${box.x + box.width / 2}px ${box.y + box.height / 2}px`;
    sign.style.transform = zoom > 1 ? `scale(${1 / zoom})` : "";
  }
}

function zoomBy(svg, factor, across = 0.5, down = 0.5) {
  const { x, y, zoom } = viewOf(svg), next = factor ? Math.min(Math.max(zoom * factor, 1), MOST) : 1;
  const [width, height] = sizeOf(svg).map((side) => side / zoom - side / next);
  show(svg, x + width * across, y + height * down, next);
}

function moveBy(svg, across, down) {
  const { x, y, zoom } = viewOf(svg), [width, height] = sizeOf(svg);
  show(svg, x + (width / zoom) * across, y + (height / zoom) * down, zoom);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-zoom]");
  if (button) zoomBy(mapOf(button), Number(button.dataset.zoom));
});
document.addEventListener("keydown", (event) => {
  const svg = mapOf(event.target);
  if (!svg || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in KEYS) moveBy(svg, ...KEYS[event.key]);
  else if (event.key in ZOOMS) zoomBy(svg, ZOOMS[event.key]);
  else return;
  event.preventDefault();
});
document.addEventListener("wheel", (event) => {
  const svg = event.ctrlKey && mapOf(event.target);
  if (!svg) return;
  event.preventDefault();
  const { left, top, width, height } = svg.getBoundingClientRect();
  zoomBy(svg, event.deltaY < 0 ? STEP : 1 / STEP, (event.clientX - left) / width, (event.clientY - top) / height);
}, { passive: false });

let drag = null;
document.addEventListener("pointerdown", ({ target, clientX, clientY, button }) => {
  const svg = !button && target.closest?.("svg.map") && mapOf(target);
  if (svg && viewOf(svg).zoom > 1) drag = { svg, clientX, clientY, isMoved: false };
});
document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const { width, height } = drag.svg.getBoundingClientRect();
  const [across, down] = [drag.clientX - event.clientX, drag.clientY - event.clientY];
  if (!drag.isMoved && Math.hypot(across, down) < CLICK) return;
  moveBy(drag.svg, across / width, down / height);
  Object.assign(drag, { clientX: event.clientX, clientY: event.clientY, isMoved: true });
});
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(() => { drag = null; }));
document.addEventListener("click", (event) => drag?.isMoved && event.preventDefault(), true); // a link under the pointer
document.addEventListener("dragstart", (event) => drag && event.preventDefault());
