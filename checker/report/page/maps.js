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
