// Filters. Each row is indexed once; the state is in the fragment of the address, so that links restore it.

const EMPTY = { q: "", severity: "", rule: "", account: "", region: "", change: "" };
const CHANGES = {
  new: "new", escalated: "escalated", unchanged: "unchanged", fixed: "fixed",
  not_audited: "not audited", suppressed: "suppressed",
};
const EARLIER = new Set(["fixed", "not_audited", "suppressed"]);
const PAGE = 50;
let filters = { ...EMPTY };
let sorting = { by: "", down: false };
let pageNumber = 0;
let shown = [];
const opened = new Set();
const rows = data.rows;
const numberOf = new Map(rows.map((row, index) => [cell(row, "id"), index]));
const hasChanges = rows.some((row) => cell(row, "change"));
let haystacks = null;

function haystack(index) {
  haystacks ??= rows.map((row) => [
    "message", "resource", "rule", "place", "help", "witness", "id",
  ].map((name) => cell(row, name)).concat(accountName(cell(row, "account"))).join("\n").toLowerCase());
  return haystacks[index];
}

function matches(row, index, words) {
  const change = cell(row, "change");
  if (filters.change === "" ? EARLIER.has(change) : filters.change !== "all" && change !== filters.change) return false;
  if (filters.severity === "open" ? !isOpen(row) : filters.severity && cell(row, "severity") !== filters.severity) return false;
  for (const name of ["rule", "account", "region"]) {
    if (filters[name] && cell(row, name) !== filters[name]) return false;
  }
  return words.every((word) => haystack(index).includes(word));
}

function select() {
  const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
  shown = rows.map((_, index) => index).filter((index) => matches(rows[index], index, words));
  if (sorting.by) {
    const key = sortKey(sorting.by);
    const keys = new Map(shown.map((index) => [index, key(rows[index])]));
    const sign = sorting.down ? -1 : 1;
    shown.sort((a, b) => {
      const [x, y] = [keys.get(a), keys.get(b)];
      return x < y ? -sign : x > y ? sign : a - b;
    });
  }
}

function sortKey(name) {
  if (name === "severity") return (row) => data.severities.indexOf(cell(row, "severity")) * 2 + (isOpen(row) ? 1 : 0);
  if (name === "account") return (row) => accountName(cell(row, "account")).toLowerCase();
  return (row) => cell(row, name).toLowerCase();
}

function fragment(finding = "") {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value) parameters.set(name, value);
  if (sorting.by) parameters.set("sort", (sorting.down ? "-" : "") + sorting.by);
  if (finding) parameters.set("finding", finding);
  return parameters.toString();
}

/** Keep the address up to date, without an entry in the history for every letter. */
function remember(finding = "") {
  const next = fragment(finding);
  history.replaceState(null, "", next ? `#${next}` : location.pathname + location.search);
}

/** Apply the fragment of the address; return false for one without filters, such as that of a heading. */
function restore() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const finding = parameters.get("finding") ?? "";
  const sort = parameters.get("sort") ?? "";
  const isKnown = Object.keys(EMPTY).some((name) => parameters.has(name)) || finding || sort;
  if (!isKnown && location.hash) return false;
  const unknown = [];
  for (const name of Object.keys(EMPTY)) {
    const value = parameters.get(name) ?? "";
    const isOffered = !controls[name]?.options || [...controls[name].options].some((option) => option.value === value);
    filters[name] = isOffered ? value : "";
    if (!isOffered) unknown.push(`${name} ${value}`);
  }
  const by = sort.replace(/^-/, "");
  sorting = { by: HEADERS.some(([name]) => name === by) ? by : "", down: sort.startsWith("-") };
  pageNumber = 0;
  refresh();
  if (unknown.length) status.textContent += `. This page has no ${unknown.join(", ")}`;
  if (finding) show(finding);
  else if (isKnown) goTo(document.getElementById("findings-title"));
  return true;
}

function goTo(element) {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "start" });
}

/** Open a finding, on whatever page it is. Filters that hide it are cleared. */
function show(id) {
  const index = numberOf.get(id);
  if (index === undefined) {
    status.textContent = `This page has no finding ${id}. It may be fixed, or in another report.`;
    goTo(document.getElementById("findings-title"));
    return;
  }
  if (!shown.includes(index)) {
    filters = { ...EMPTY, change: EARLIER.has(cell(rows[index], "change")) ? "all" : "" };
    sorting = { by: "", down: false };
    refresh();
  }
  pageNumber = Math.floor(shown.indexOf(index) / PAGE);
  opened.add(index);
  render();
  remember(id);
  const button = document.getElementById(`finding-${id}`);
  button.focus({ preventScroll: true });
  button.scrollIntoView({ block: "start" });
}

// The table.

const HEADERS = [
  ["severity", "Severity", ""], ["message", "Finding", ""], ["rule", "Rule", "minor"],
  ["account", "Account", "minor"], ["region", "Region", "minor"],
  ...(hasChanges ? [["change", "Change", "minor"], ["first_seen", "Since", "minor"]] : []),
];
const controls = {};
const status = make("p", { role: "status", "aria-live": "polite" });
const body = make("tbody");
const previous = make("button", { type: "button", onclick: () => turn(-1) }, "Previous page");
const next = make("button", { type: "button", onclick: () => turn(1) }, "Next page");
const place = make("span", { class: "soft" });
const heads = {};

function turn(by) {
  if (pageNumber + by < 0 || pageNumber + by >= pages()) return;
  pageNumber += by;
  render();
  document.getElementById("finding-table").scrollIntoView({ block: "start" });
}

const pages = () => Math.max(1, Math.ceil(shown.length / PAGE));
const counted = (number) => number.toLocaleString("en-US");

function refresh() {
  select();
  pageNumber = Math.min(pageNumber, pages() - 1);
  for (const [name, control] of Object.entries(controls)) if (control.value !== filters[name]) control.value = filters[name];
  render();
}

function render() {
  const first = pageNumber * PAGE;
  const part = shown.slice(first, first + PAGE);
  body.replaceChildren(...part.flatMap((index) => (opened.has(index) ? [line(index), detail(index)] : [line(index)])));
  const range = part.length ? `, ${first + 1} to ${first + part.length} on this page` : "";
  status.textContent = `${counted(shown.length)} of ${counted(data.total)} findings${range}`;
  if (filters.change === "all" || EARLIER.has(filters.change)) status.textContent = `${counted(shown.length)} findings${range}`;
  place.textContent = `Page ${pageNumber + 1} of ${pages()}`;
  // A disabled button would lose the focus of the keyboard.
  previous.setAttribute("aria-disabled", String(pageNumber === 0));
  next.setAttribute("aria-disabled", String(pageNumber >= pages() - 1));
  for (const [name, head] of Object.entries(heads)) {
    if (sorting.by === name) head.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
    head.querySelector(".arrow").textContent = sorting.by === name ? (sorting.down ? " \u2193" : " \u2191") : "";
  }
}

function severityLabel(row) {
  const severity = cell(row, "severity");
  return isOpen(row)
    ? make("span", { class: "severity open" }, "not known")
    : make("span", { class: `severity ${severity}` }, severity);
}

function accountLines(account) {
  const name = data.accounts[account];
  return name ? [name, make("div", { class: "place whole" }, account)] : [make("span", { class: "whole" }, account || "-")];
}

function changeLabel(row) {
  const change = cell(row, "change");
  return change ? make("span", { class: `status ${change}` }, CHANGES[change] ?? change) : "";
}

function line(index) {
  const row = rows[index];
  const id = cell(row, "id");
  const button = make("button", {
    type: "button", class: "open-row", id: `finding-${id}`, "aria-expanded": String(opened.has(index)),
    "aria-controls": opened.has(index) ? `detail-${id}` : false, onclick: () => toggle(index),
  }, ...prose(cell(row, "message")));
  const account = accountName(cell(row, "account"));
  const facts = [cell(row, "rule"), account, cell(row, "region"), CHANGES[cell(row, "change")]].filter(Boolean).join(", ");
  return make("tr", {},
    make("td", {}, severityLabel(row)),
    make("th", { scope: "row" }, button, make("div", { class: "place" }, placeOf(row)), make("div", { class: "place facts" }, facts)),
    make("td", { class: "minor" }, make("code", {}, cell(row, "rule"))),
    make("td", { class: "minor" }, ...accountLines(cell(row, "account"))),
    make("td", { class: "minor whole" }, cell(row, "region") || "-"),
    hasChanges ? make("td", { class: "minor" }, changeLabel(row)) : null,
    hasChanges ? make("td", { class: "minor whole" }, cell(row, "first_seen").slice(0, 10)) : null);
}

function toggle(index) {
  const id = cell(rows[index], "id");
  const button = document.getElementById(`finding-${id}`);
  const tr = button.closest("tr");
  if (opened.delete(index)) {
    tr.nextElementSibling.remove();
    button.removeAttribute("aria-controls");
  } else {
    opened.add(index);
    tr.after(detail(index));
    button.setAttribute("aria-controls", `detail-${id}`);
  }
  button.setAttribute("aria-expanded", String(opened.has(index)));
  remember(opened.has(index) ? id : "");
}
