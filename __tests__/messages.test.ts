/** ESLint refuses code that decides by the text of a message, and a command line that does not name its cluster. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
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

interface Finding {
  readonly ruleId: string;
  readonly line: number;
}

test("src reads no message to decide, and spells no command line that needs a cluster's name", () => {
  const refused = [...REFUSED, ...UNNAMED];
  const eslint = join(REPOSITORY, "node_modules", ".bin", "eslint");
  const { stdout } = spawnSync(
    eslint,
    ["--stdin", "--stdin-filename", "src/base/user-error.ts", "--format", "json"],
    { cwd: REPOSITORY, input: [...refused, ...ADMITTED, ...NAMED].join("\n"), encoding: "utf8" },
  );
  const [{ messages }] = JSON.parse(stdout) as [{ messages: Finding[] }];
  const lines = messages.filter(({ ruleId }) => ruleId === "no-restricted-syntax").map(({ line }) => line);
  expect([...new Set(lines)]).toEqual(refused.map((_, at) => at + 1));
});
