"use strict";

// Bundles the extension into one file, with the licenses of all packages that are in it.

const esbuild = require("esbuild");
const fs = require("node:fs");
const path = require("node:path");

const OUTPUT = "dist";
const LICENSE = /^licen[sc]e(\.\w+)?$/i;

/** Return the folders of the packages that esbuild has bundled. */
function packages(metafile) {
  const folders = Object.keys(metafile.inputs).flatMap(
    (file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? [],
  );
  return [...new Set(folders)].sort();
}

/** Return the name, version and license text of a package. Throws if it has no license text. */
function notice(folder) {
  const { name, version } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  const file = fs.readdirSync(folder).find((entry) => LICENSE.test(entry));
  return `${name} ${version}\n\n${fs.readFileSync(path.join(folder, file), "utf8").trim()}\n`;
}

const { metafile } = esbuild.buildSync({
  entryPoints: ["extension.js"],
  outfile: path.join(OUTPUT, "extension.js"),
  bundle: true,
  external: ["vscode"],
  format: "cjs",
  metafile: true,
  minify: true,
  platform: "node",
  target: "node20",
});
const line = `\n${"-".repeat(80)}\n\n`;
fs.writeFileSync(path.join(OUTPUT, "NOTICES.txt"), packages(metafile).map(notice).join(line));
