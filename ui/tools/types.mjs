// Writes ../src/api-types.ts from an OpenAPI document.
//
//   node types.mjs SOURCE [--check]     SOURCE: a file, or the address of a running server's /openapi.json
//
// With --check nothing is written; exit code 1 says that the file is stale.
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const TYPES = new URL("../src/api-types.ts", import.meta.url);
const HEAD = "// Generated from /openapi.json by ui/tools/types.mjs. Do not edit.\n\n";

const [source, flag] = process.argv.slice(2);
if (!source || (flag && flag !== "--check")) {
  console.error("Use: node types.mjs FILE_OR_ADDRESS [--check]");
  process.exit(2);
}
const document = /^https?:/.test(source) ? new URL(source) : pathToFileURL(source);
const fresh = HEAD + astToString(await openapiTS(document, { alphabetize: true, enumValues: false }));
if (flag !== "--check") {
  await writeFile(TYPES, fresh);
} else if ((await readFile(TYPES, "utf8").catch(() => "")) !== fresh) {
  console.error("ui/src/api-types.ts is stale: run node ui/tools/types.mjs with the new document.");
  process.exit(1);
}
