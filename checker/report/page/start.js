// The start.

function choice(name, label, options, all) {
  const control = make("select", { id: `filter-${name}` },
    make("option", { value: "" }, all), ...options.map(([value, shownAs]) => make("option", { value }, shownAs)));
  control.addEventListener("change", () => change(name, control.value));
  controls[name] = control;
  return make("div", {}, make("label", { for: `filter-${name}` }, label), control);
}

function change(name, value) {
  filters[name] = value;
  pageNumber = 0;
  refresh();
  remember();
}

function values(name, label = (value) => value) {
  const counted = new Map();
  for (const row of rows) if (cell(row, name)) counted.set(cell(row, name), (counted.get(cell(row, name)) ?? 0) + 1);
  return [...counted].map(([value, count]) => [value, `${label(value)}, ${count}`]).sort((a, b) => (a[1] < b[1] ? -1 : 1));
}

function header([name, label, kind]) {
  const button = make("button", { type: "button", onclick: () => {
    sorting = sorting.by !== name ? { by: name, down: false } : sorting.down ? { by: "", down: false } : { by: name, down: true };
    pageNumber = 0;
    refresh();
    remember();
  } }, label, make("span", { class: "arrow", "aria-hidden": "true" }));
  heads[name] = make("th", { scope: "col", class: `column-${name} ${kind}` }, button);
  return heads[name];
}

function build(list) {
  const search = make("input", { type: "search", id: "filter-q", autocomplete: "off", spellcheck: "false" });
  search.addEventListener("input", () => change("q", search.value));
  controls.q = search;
  const clear = make("button", { type: "button", onclick: () => {
    filters = { ...EMPTY };
    sorting = { by: "", down: false };
    pageNumber = 0;
    refresh();
    remember();
  } }, "Clear filters");
  const severities = [...data.severities.map((name) => [name, name]), ...(rows.some(isOpen) ? [["open", "not known"]] : [])];
  const known = Object.entries(CHANGES).filter(([name]) => rows.some((row) => cell(row, "change") === name));
  const accounts = values("account", accountName);
  const regions = values("region");
  const form = make("form", { class: "filters", role: "search", "aria-label": "Filter the findings" },
    make("div", { class: "wide" }, make("label", { for: "filter-q" }, "Search"), search),
    choice("severity", "Severity", severities, "All"),
    choice("rule", "Rule", values("rule"), "All"),
    accounts.length ? choice("account", "Account", accounts, "All") : null,
    regions.length ? choice("region", "Region", regions, "All") : null,
    hasChanges ? choice("change", "Change", [...known, ["all", "all, also earlier findings"]], "this run") : null,
    clear);
  form.addEventListener("submit", (event) => event.preventDefault());
  const table = make("table", { id: "finding-table" },
    make("caption", { class: "soft" }, "Choose a finding to see its witness and its fix"),
    make("thead", {}, make("tr", {}, ...HEADERS.map(header))), body);
  list.append(form, make("div", { class: "bar" }, status), table, make("div", { class: "bar" }, previous, place, next));
}

const list = document.getElementById("finding-list");
if (list) {
  build(list);
  refresh();
  restore();
  addEventListener("hashchange", restore);
  setTimeout(() => haystack(0), 50);
}
renderMaps();
narrow.addEventListener("change", () => {
  if (list) render();
  renderMaps();
});
