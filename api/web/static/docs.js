// Swagger UI unchanged; validatorUrl is off because it would send the document to another site.
const place = document.getElementById("reference");
const dark = matchMedia("(prefers-color-scheme: dark)");
const setTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

dark.addEventListener("change", setTheme);
setTheme();
// The standard layout has a page header of its own.
const layout = ({React}) => ({
  components: {
    Embedded: ({getComponent}) => React.createElement(
      "div", {className: "swagger-ui"},
      ...["errors", "AuthorizeBtnContainer", "operations"].map(
        name => React.createElement(getComponent(name, true), {key: name})),
    ),
  },
});

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  validatorUrl: null,
  docExpansion: "none",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [layout],
  layout: "Embedded",
});
