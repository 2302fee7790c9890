/** ESLint refuses code that decides by the text of a message. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
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

interface Finding {
  readonly ruleId: string;
  readonly line: number;
}

test("reading a message to decide is refused in src, and showing it is not", () => {
  const eslint = join(REPOSITORY, "node_modules", ".bin", "eslint");
  const { stdout } = spawnSync(
    eslint,
    ["--stdin", "--stdin-filename", "src/base/user-error.ts", "--format", "json"],
    { cwd: REPOSITORY, input: [...REFUSED, ...ADMITTED].join("\n"), encoding: "utf8" },
  );
  const [{ messages }] = JSON.parse(stdout) as [{ messages: Finding[] }];
  const lines = messages.filter(({ ruleId }) => ruleId === "no-restricted-syntax").map(({ line }) => line);
  expect([...new Set(lines)]).toEqual(REFUSED.map((_, at) => at + 1));
});
