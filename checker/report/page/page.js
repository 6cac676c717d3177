"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const text = data.strings;
  const column = Object.fromEntries(data.columns.map((name, index) => [name, index]));
  const cell = (row, name) => text[row[column[name]]];
  const placeOf = (row) => (/^( |$)/.test(cell(row, "place")) ? cell(row, "resource") : "") + cell(row, "place");
  const isOpen = (row) => row[column.open] === 1;
  const accountName = (account) => (data.accounts[account] ? `${data.accounts[account]} (${account})` : account);
  const SVG = "http://www.w3.org/2000/svg";

  // Elements. Content is only ever set as text, so that no text of a policy becomes markup.

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "onclick") element.addEventListener("click", value);
      else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child != null));
    return element;
  }

  function draw(tag, attributes, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /** Return a message with its values in backticks as code. */
  function prose(message) {
    const pieces = message.split("`");
    if (pieces.length % 2 === 0) return [message];
    return pieces.map((piece, index) => (index % 2 ? make("code", {}, piece) : piece));
  }

  /** Return a block of code with a button to copy it, where the browser can. */
  function codeBlock(code, label, content = [code]) {
    const block = make("pre", { tabindex: "0", role: "group", "aria-label": label }, ...content);
    const copy = make("button", { type: "button", "aria-label": `Copy: ${label}` }, "Copy");
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code);
      copy.textContent = "Copied";
    });
    return make("div", { class: "code" }, block, navigator.clipboard ? copy : null);
  }

  const diffBlock = (code) => codeBlock(code, "Diff", code.split("\n").map((line) => {
    const kind = /^(\+\+\+|---)/.test(line) ? "" : { "+": "add", "-": "remove" }[line[0]] ?? "";
    return make("span", { class: kind }, `${line}\n`);
  }));

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
    for (const name of Object.keys(EMPTY)) filters[name] = parameters.get(name) ?? "";
    const by = sort.replace(/^-/, "");
    sorting = { by: HEADERS.some(([name]) => name === by) ? by : "", down: sort.startsWith("-") };
    pageNumber = 0;
    refresh();
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
    pageNumber += by;
    render();
    document.getElementById("finding-table").scrollIntoView({ block: "start" });
  }

  function refresh() {
    select();
    pageNumber = Math.min(pageNumber, Math.max(0, Math.ceil(shown.length / PAGE) - 1));
    for (const [name, control] of Object.entries(controls)) if (control.value !== filters[name]) control.value = filters[name];
    render();
  }

  function render() {
    const first = pageNumber * PAGE;
    const part = shown.slice(first, first + PAGE);
    body.replaceChildren(...part.flatMap((index) => (opened.has(index) ? [line(index), detail(index)] : [line(index)])));
    const total = rows.filter((row) => !EARLIER.has(cell(row, "change"))).length;
    const range = part.length ? `, ${first + 1} to ${first + part.length} on this page` : "";
    status.textContent = `${shown.length} of ${total} findings${range}`;
    if (filters.change === "all" || EARLIER.has(filters.change)) status.textContent = `${shown.length} findings${range}`;
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    place.textContent = `Page ${pageNumber + 1} of ${pages}`;
    previous.disabled = pageNumber === 0;
    next.disabled = pageNumber >= pages - 1;
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

  // The details of a finding.

  function detail(index) {
    const row = rows[index];
    const id = cell(row, "id");
    const more = data.details[index];
    const parts = [facts(row, more), witness(row, more)];
    if (more === null) parts.push(make("p", { class: "notice" }, "The fix and the places are left out because of the size limit of the page. Other formats have them."));
    else if (!EARLIER.has(cell(row, "change"))) parts.push(...fixes(row, more));
    parts.push(...commands(index));
    const topic = [cell(row, "resource"), ...(more?.affects ?? [])].map((name) => topicNumber.get(name)).find((number) => number !== undefined);
    if (topic !== undefined) parts.push(make("h3", {}, "Map"), map(data.topics[topic], "h4"));
    const link = make("a", { href: `#finding=${id}` }, "Link to this finding");
    return make("tr", { class: "detail", id: `detail-${id}` }, make("td", { colspan: narrow.matches ? 2 : HEADERS.length }, ...parts, make("p", {}, link)));
  }

  function facts(row, more) {
    const pairs = [["Resource", [cell(row, "resource")]]];
    for (const [label, value] of more?.labels ?? []) pairs.push([label, [value]]);
    if (more?.affects) pairs.push(["Affects", [more.affects.join(", ")]]);
    if (data.rules[cell(row, "rule")]) pairs.push(["Rule", [make("code", {}, cell(row, "rule")), `: ${data.rules[cell(row, "rule")]}`]]);
    if (cell(row, "first_seen")) pairs.push(["First seen", [cell(row, "first_seen")]]);
    if (cell(row, "change")) pairs.push(["Change", [CHANGES[cell(row, "change")], more?.remark ? `: ${more.remark}` : ""]]);
    if (cell(row, "help")) pairs.push(["Help", prose(cell(row, "help"))]);
    return make("dl", {}, ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, ...value)]));
  }

  function witness(row, more) {
    if (!cell(row, "witness")) return null;
    const request = more?.request
      ? make("details", {}, make("summary", {}, "The request that proves it, and the decision"), codeBlock(pretty(more.request), "Request"))
      : null;
    return make("div", {}, make("h3", {}, "Witness"), make("p", {}, ...prose(cell(row, "witness"))), request);
  }

  function pretty(request) {
    const [json, decision] = request.split("\n");
    return `${JSON.stringify(JSON.parse(json), null, 2)}\n${decision ?? ""}`;
  }

  function fixes(row, more) {
    if (isOpen(row)) return [];
    if (!more.fixes) return [make("h3", {}, "No safe fix"), make("p", {}, "There is no automatic fix for this finding.")];
    return more.fixes.map((fix) => make("div", { class: `fix ${fix.trust}` },
      make("h3", {}, ...prose(fix.label)),
      make("p", {}, ...prose(fix.title)),
      fix.plan ? make("ol", {}, ...fix.plan.map((step) => make("li", {}, ...prose(step)))) : null,
      fix.diff ? diffBlock(fix.diff) : null,
      ...(fix.dialects ?? []).map(dialect),
      fix.remark ? make("p", { class: "soft" }, fix.remark) : null));
  }

  function dialect(one) {
    const steps = one.steps.length ? make("ol", {}, ...one.steps.map((step) => make("li", {}, step))) : null;
    return make("details", {}, make("summary", {}, one.name), steps, codeBlock(one.code, one.name));
  }

  function commands(index) {
    const found = data.commands[index].map((words) => words.map((word) => text[word]));
    if (!found.length) return [];
    return [make("h3", {}, "Commands"), ...found.flatMap(([purpose, ...words]) => [
      make("div", { class: "soft" }, purpose), codeBlock(words.join(" "), purpose),
    ])];
  }

  // The maps.

  const WORDS = {
    broken: "broken", warning: "warning", unknown: "not known", suppressed: "suppressed", ok: "passed", not_checked: "not checked",
  };
  const ORDER = Object.keys(WORDS);
  const SIGNS = { broken: "\u2715", warning: "!", unknown: "?", suppressed: "!", ok: "\u2713", not_checked: "" };
  const TO_TOPIC = ["instance", "topic_type", "region", "topic_policy"];
  const TO_KEY = ["key", "key_policy", "organization_policy"];
  const topicNumber = new Map(data.topics.map((topic, index) => [topic.name, index]));
  const narrow = matchMedia("(max-width: 46rem)");

  const OPENING = { ...WORDS, broken: "open", warning: "wide" };
  const wordFor = (name, state) => (name === "other_callers" ? OPENING : WORDS)[state];
  const linkName = (name) => ({ other_callers: "access of other callers", region: "Region" })[name] ?? name.replaceAll("_", " ");

  function worst(topic, names) {
    const found = topic.links.filter(([name]) => names.includes(name)).map(([, state]) => state);
    return ORDER.find((state) => found.includes(state)) ?? "not_checked";
  }

  function map(topic, heading = "h3") {
    const level = make(heading, {}, topic.short);
    const name = topic.name === topic.short ? null : make("div", { class: "place" }, topic.name);
    return make("div", { class: "map" }, level, name, picture(topic), linkList(topic));
  }

  function linkList(topic) {
    const isPlain = topic.key !== null && topic.key[1] === "";
    const wrong = topic.links.filter(([, state]) => !["ok", "not_checked"].includes(state));
    const listed = ["ok", "not_checked"].map((state) => {
      const names = topic.links.filter(([name, has]) => has === state && !(isPlain && TO_KEY.includes(name))).map(([name]) => linkName(name));
      return names.length ? `${state === "ok" ? "Passed" : "Not checked"}: ${names.join(", ")}.` : "";
    });
    const items = wrong.map(([name, state, number]) => make("li", {},
      make("span", { class: `status ${state}` }, wordFor(name, state)), ` ${linkName(name)}`,
      ...(number >= 0 && rows[number] ? [": ", make("a", { href: `#finding=${cell(rows[number], "id")}` }, ...prose(cell(rows[number], "message")))] : [])));
    return make("div", {}, items.length ? make("ul", {}, ...items) : null, make("p", { class: "soft" }, listed.filter(Boolean).join(" ")));
  }

  const cut = (name, most) => (name.length > most ? `${name.slice(0, most / 2)}\u2026${name.slice(1 - most / 2)}` : name);

  function picture(topic) {
    const key = topic.key === null ? "not known" : topic.key[1] === "" ? "not encrypted" : topic.key[0];
    const known = topic.subscribers;
    const subscribers = known === null ? "not known" : known.length === 0 ? "none" : known[0];
    const [instance] = topic.instances;
    const others = topic.more_instances;
    const open = worst(topic, ["other_callers"]);
    const nodes = {
      instance: [others ? `Connect instance and ${others} more` : "Connect instance", instance ? instance : "not known"],
      topic: ["SNS topic", topic.short],
      key: ["KMS key", key],
      subscribers: [known?.length > 1 ? `${known.length} subscribers` : "Subscribers", subscribers],
      ...(["ok", "not_checked"].includes(open) ? {} : { others: ["Other callers", open === "unknown" ? "access is not known" : "have access"] }),
    };
    const edges = [["instance", "topic", worst(topic, TO_TOPIC)], ["topic", "subscribers", worst(topic, ["delivery"])]];
    if (key !== "not encrypted") edges.push(["topic", "key", worst(topic, TO_KEY)]);
    if (nodes.others) edges.push(["others", "topic", open]);
    return chart(nodes, edges, narrow.matches ? LAYOUTS.narrow : LAYOUTS.wide);
  }

  const LAYOUTS = {
    wide: {
      size: [760, 186], letters: 20,
      instance: [1, 8, 210, 60], topic: [275, 8, 210, 60], subscribers: [549, 8, 210, 60],
      key: [275, 124, 210, 60], others: [1, 124, 210, 60],
    },
    narrow: {
      size: [330, 282], letters: 15,
      instance: [1, 1, 156, 60], others: [173, 1, 156, 60], topic: [1, 111, 328, 60],
      key: [1, 221, 156, 60], subscribers: [173, 221, 156, 60],
    },
  };

  function chart(nodes, edges, layout) {
    const described = edges.map(([from, to, state]) => `${nodes[from].join(" ")} to ${nodes[to].join(" ")}: ${from === "others" ? OPENING[state] : WORDS[state]}`);
    const [width, height] = layout.size;
    return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${described.join("; ")}.` },
      ...edges.map(([from, to, state]) => edge(layout[from], layout[to], state, from === "others")),
      ...Object.entries(nodes).map(([name, [kind, label]]) => node(layout[name], kind, cut(label, name === "topic" && layout === LAYOUTS.narrow ? 36 : layout.letters))));
  }

  function node([x, y, width, height], kind, name) {
    return draw("g", { class: "node" },
      draw("rect", { x, y, width, height, rx: 8 }),
      draw("text", { class: "kind", x: x + 12, y: y + 22 }, kind),
      draw("text", { class: "name", x: x + 12, y: y + 44 }, name));
  }

  /** Draw a line between two boxes: side by side if they are in one row, else from below to above. */
  function edge(from, to, state, isOpening) {
    const inRow = from[1] === to[1];
    const isAbove = from[1] < to[1];
    const meet = Math.max(from[0], to[0]) + Math.min(from[2], to[2]) / 2;
    const overlaps = from[0] < to[0] + to[2] && to[0] < from[0] + from[2];
    let ends = [[from[0] + from[2], from[1] + from[3] / 2], [to[0], to[1] + to[3] / 2]];
    if (!inRow && overlaps) ends = [[meet, isAbove ? from[1] + from[3] : from[1]], [meet, isAbove ? to[1] : to[1] + to[3]]];
    else if (!inRow) ends = [[from[0] + from[2], from[1] + from[3] / 2], [to[0] + 12, to[1] + to[3]]];
    const [[x1, y1], [x2, y2]] = ends;
    const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
    const sign = isOpening && state === "broken" ? "!" : SIGNS[state];
    return draw("g", { class: `edge ${state}${isOpening ? " opening" : ""}` },
      draw("line", { x1, y1, x2, y2 }),
      ...(sign ? [draw("circle", { cx: x, cy: y, r: 11 }), draw("text", { x, y: y + 5 }, sign)] : []));
  }

  const MAPS = 5;
  let maps = MAPS;
  const mapList = document.getElementById("map-list");

  function renderMaps() {
    if (!mapList) return;
    const more = make("button", { type: "button", onclick: () => {
      const first = maps;
      maps += MAPS;
      renderMaps();
      goTo(mapList.children[first].querySelector("h3"));
    } }, `Show more topics (${data.topics.length - maps} remaining)`);
    mapList.replaceChildren(...data.topics.slice(0, maps).map((topic) => map(topic)), ...(data.topics.length > maps ? [more] : []));
  }

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
})();
