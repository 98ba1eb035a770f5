// Shows a new password while it is typed; prints the page that shows a first one.
for (const part of document.querySelectorAll("[data-shows]")) {
  const box = part.querySelector("input"), field = document.getElementById(part.dataset.shows);
  part.hidden = false;
  box.addEventListener("change", () => { field.type = box.checked ? "text" : "password"; });
}
for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
