// Creates a passkey, or signs in with it: the device's answer is sent with the form.
const { PublicKeyCredential } = window;
const acts = {
  create: (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};
for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector("[role=alert]"), { passkey, options } = form.dataset;
    problem.hidden = true;
    try {
      form.elements.answer.value = JSON.stringify(await acts[passkey](JSON.parse(options)));
    } catch {
      problem.hidden = false;
      return;
    }
    form.submit();
  });
}
