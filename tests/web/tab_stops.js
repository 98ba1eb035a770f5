// Where Tab stops on a page, in the order in which it should; what is folded is no stop.
window.tabStops = () => [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")].filter(
  element => element.tabIndex >= 0 && !element.disabled && element.checkVisibility({visibilityProperty: true}));
window.watchStops = () => {
  const stops = tabStops();
  window.reached = [];
  window.describeStop = number => stops[number]?.outerHTML ?? "what is no stop";
  addEventListener("focusin", event => reached.push(stops.indexOf(event.target)));
  stops[0].focus();
  return stops.length;
};
// What a page that is shown lacks, in words, on a screen as wide as it is; on a narrow one with larger text too.
window.lacks = () => {
  const wrong = [];
  const root = document.documentElement;
  const named = element => element.outerHTML.slice(0, 120);
  const tell = (what, elements) => wrong.push(...[...elements].map(element => `${what}: ${named(element)}`));
  const stops = tabStops();

  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  const wide = () => root.scrollWidth > innerWidth;
  const out = () => [...document.querySelectorAll("main *")].filter(
    element => element.checkVisibility() && !element.closest(".unseen, .swagger-ui") && element.getBoundingClientRect().right > innerWidth + 1);
  if (wide()) tell("wider than the screen", out().slice(-3));
  root.style.fontSize = "200%";
  if (wide()) tell("wider than the screen with text of twice the size", [root, ...out().slice(-3)]);
  root.style.fontSize = "";
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const {data, parentElement} = texts.currentNode;
    if (/\b\d{4}-\d\d-\d\d\b/.test(data) && !parentElement.closest(".swagger-ui, code")) tell("a day as machines write it", [parentElement]);
  }
  const tables = [...document.querySelectorAll("main table")].filter(table => !table.closest(".swagger-ui"));
  tell("a table without a caption", tables.filter(table => !table.caption?.textContent.trim()));
  tell("a heading of cells without a scope", tables.flatMap(table => [...table.querySelectorAll("th:not([scope])")]));
  tell("smaller than 24 pixels", stops.filter(stop => {
    const box = stop.getBoundingClientRect();
    return stop.matches("button, input, select, textarea, summary") && Math.min(box.width, box.height) < 24
      && !stop.closest(".swagger-ui");
  }));
  tell("out of the order of the page", stops.filter(stop => stop.tabIndex > 0));
  tell("focus that is not seen", stops.filter(stop => {
    stop.focus({preventScroll: true});
    const {outlineStyle, outlineWidth} = getComputedStyle(stop);
    return (outlineStyle === "none" || outlineWidth === "0px") && !stop.closest(".map a, .swagger-ui");
  }));
  return wrong;
};
// Which rules of axe are broken, by what.
window.brokenRules = async rules => (await axe.run({runOnly: rules, resultTypes: ["violations"]})).violations.map(
  broken => `${broken.id}: ${broken.nodes.map(node => `${node.target.join(" ")} ${node.html}`).join("; ")}`);
