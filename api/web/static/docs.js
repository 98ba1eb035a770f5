// Swagger UI as it comes; validatorUrl is off because it would send the document to another site.
const place = document.getElementById("reference");
const dark = matchMedia("(prefers-color-scheme: dark)");
const shade = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

dark.addEventListener("change", shade);
shade();
// Its own layout makes a page with a head of its own inside this one.
const inside = ({React}) => ({
  components: {
    Inside: ({getComponent}) => React.createElement(
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
  plugins: [inside],
  layout: "Inside",
});
