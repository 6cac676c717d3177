// The details of a finding.

function detail(index) {
  const row = rows[index];
  const id = cell(row, "id");
  const more = data.details[index] === null ? null : valueOf(row, data.values[data.details[index]]);
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
  const found = valueOf(rows[index], data.values[data.commands[index]]);
  if (!found.length) return [];
  return [make("h3", {}, "Commands"), ...found.flatMap(([purpose, ...words]) => [
    make("div", { class: "soft" }, purpose), codeBlock(words.join(" "), purpose),
  ])];
}
