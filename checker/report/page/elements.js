// The data of the page, and elements to show it.

const data = JSON.parse(document.getElementById("data").textContent);
const text = data.strings;
const column = Object.fromEntries(data.columns.map((name, index) => [name, index]));
/** Return the ARN of a row's resource, its account, Region and name. */
function partsOf(row) {
  const arn = text[row[column.resource]];
  const [, , , region, account, ...name] = arn.split(":");
  return [arn, account, region, name.join(":").split("/").at(-1)];
}
/** Return a text of a row. One with parts of the ARN of its resource is stored as pieces, with numbers for the parts. */
function written(row, number) {
  if (typeof text[number] === "string") return text[number];
  const parts = partsOf(row);
  return text[number].map((piece) => (typeof piece === "number" ? parts[piece] : piece)).join("");
}
const cell = (row, name) => written(row, row[column[name]]);
/** Return a value of a row with its texts in place of their numbers. */
const valueOf = (row, value) => (typeof value === "number" ? written(row, value)
  : Array.isArray(value) ? value.map((item) => valueOf(row, item))
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, valueOf(row, item)])));
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
  const block = make("pre", { class: code.includes("\n") ? false : "wrap", tabindex: "0", role: "group", "aria-label": label }, ...content);
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
