// File fields in the language of the page: a browser's own button has that of the device.

/** Give each file field a button of the page, and show the name of the chosen file. */
export function enhance(root) {
  for (const input of root.querySelectorAll(".photo input")) {
    const { choose, none, most, large } = input.closest(".photo").dataset;
    const chosen = Object.assign(document.createElement("span"), { className: "chosen quiet", id: `${input.id}-chosen`, textContent: none });
    const wrapper = Object.assign(document.createElement("span"), { className: "over" });
    const button = Object.assign(document.createElement("span"), { className: "button second", ariaHidden: "true", textContent: choose });
    input.before(wrapper);
    wrapper.append(button, input);
    wrapper.after(chosen);
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

enhance(document);
