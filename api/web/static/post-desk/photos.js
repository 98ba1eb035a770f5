// Fields of a photograph speak the language of the page: a browser's own button speaks that of the device.
import { element, word } from "./words.js";

/** Lay a button of our own under each field, and say beside it what was chosen. */
export function dress(root) {
  for (const input of root.querySelectorAll(".photo input")) {
    const chosen = element("span", word("no_photo"), { className: "chosen quiet", id: `${input.id}-chosen` });
    const over = element("span", undefined, { className: "over" });
    const press = element("span", word("take_photo"), { className: "button second", ariaHidden: "true" });
    input.before(over);
    over.append(press, input);
    over.after(chosen);
    input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), chosen.id].filter(Boolean).join(" "));
    const tell = () => { chosen.textContent = input.files[0]?.name ?? word("no_photo"); };
    input.addEventListener("change", tell);
    input.form?.addEventListener("reset", () => setTimeout(tell));
  }
}
