// Fields of a file speak the language of the page: a browser's own button speaks that of the device.

/** Put a button of the page under each field, and the name of the chosen file beside it. */
export function dress(root) {
  for (const input of root.querySelectorAll(".photo input")) {
    const { choose, none, most, large } = input.closest(".photo").dataset;
    const chosen = Object.assign(document.createElement("span"), { className: "chosen quiet", id: `${input.id}-chosen`, textContent: none });
    const over = Object.assign(document.createElement("span"), { className: "over" });
    const press = Object.assign(document.createElement("span"), { className: "button second", ariaHidden: "true", textContent: choose });
    input.before(over);
    over.append(press, input);
    over.after(chosen);
    input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), chosen.id].filter(Boolean).join(" "));
    const update = () => {
      const isLarge = most && input.files[0]?.size > most;
      if (isLarge) input.value = "";
      chosen.textContent = isLarge ? large : input.files[0]?.name ?? none;
    };
    input.addEventListener("change", update);
    input.form?.addEventListener("reset", () => setTimeout(update));
  }
}

dress(document);
