// Shows a new password while it is typed.
for (const label of document.querySelectorAll("[data-shows]")) {
  const box = label.querySelector("input"), field = document.getElementById(label.dataset.shows);
  label.hidden = false;
  box.addEventListener("change", () => { field.type = box.checked ? "text" : "password"; });
}
