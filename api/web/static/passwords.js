// Shows a new password while it is typed.
for (const part of document.querySelectorAll("[data-shows]")) {
  const box = part.querySelector("input"), field = document.getElementById(part.dataset.shows);
  part.hidden = false;
  box.addEventListener("change", () => { field.type = box.checked ? "text" : "password"; });
}
