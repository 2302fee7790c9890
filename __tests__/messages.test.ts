/** ESLint refuses code that decides by the text of a message, and a command line that does not name its cluster. */
import { spawnSync } from "node:child_process";
import { SCRIPTS_OF_ONE_CLUSTER } from "../src/base/command-line";
import { REPOSITORY } from "./fixture";

const REFUSED = [
  "/Another rollout/.test(messageOf(error));",
  "/Another rollout/.test(error.message);",
  "/timed out/.exec(answer.stderr);",
  'error.message.includes("full");',
  "error.message.match(/full/);",
  'messageOf(error).startsWith("full");',
  'messageAtHost(error).replace("hamal: ", "");',
  'error.problem === "full";',
  "switch (error.message) {}",
];

const ADMITTED = [
  'hasCode(error, "locked");',
  "messageOf(error);",
  "String(error.message);",
  "error.message !== undefined;",
  '/a/.test("b");',
];

const UNNAMED = SCRIPTS_OF_ONE_CLUSTER.flatMap((script) => [
  `"See npm run ${script}";`,
  `\`See npm run ${script} -- x, or \${name}\`;`,
]);

const NAMED = ['"npm run synth";', 'npmRun("rollout -- verify");', "// npm run plan"];

/** What the rule says of a text in src, with its configuration there, and without the other rules, which need the types of the whole project. */
const LINT = `
  import { readFileSync } from "node:fs";
  import { ESLint, Linter } from "eslint";
  const { rules, languageOptions } = await new ESLint().calculateConfigForFile("src/base/user-error.ts");
  const config = {
    files: ["**/*.ts"],
    languageOptions: { parser: languageOptions.parser },
    rules: { "no-restricted-syntax": rules["no-restricted-syntax"] },
  };
  console.log(JSON.stringify(new Linter().verify(readFileSync(0, "utf8"), config, "text.ts")));
`;

interface Finding {
  readonly ruleId: string | null;
  readonly line: number;
}

test("src reads no message to decide, and spells no command line that needs a cluster's name", () => {
  const refused = [...REFUSED, ...UNNAMED];
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", LINT], {
    cwd: REPOSITORY,
    input: [...refused, ...ADMITTED, ...NAMED].join("\n"),
    encoding: "utf8",
  });
  const findings = JSON.parse(stdout) as Finding[];
  expect(findings.map(({ ruleId }) => ruleId)).not.toContain(null); // which says that the text was not parsed
  const lines = findings.map(({ line }) => line);
  expect([...new Set(lines)]).toEqual(refused.map((_, at) => at + 1));
});
