/** What a project's `cdktf.json` says of its app, and the context that an app gets. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { appOf, contextJson, HOST_FILES } from "../../src/emit/app";
import { temporaryFolder } from "../fixture";

function project(text?: string): string {
  const folder = temporaryFolder();
  if (text !== undefined) writeFileSync(join(folder, "cdktf.json"), text);
  return folder;
}

test("its app, with its context", () => {
  const folder = project('{ "app": "npx tsx main.ts", "context": { "rack": 2 } }');
  expect(appOf(folder)).toEqual({ app: "npx tsx main.ts", context: { rack: 2 } });
  expect(appOf(project('{ "app": "npx tsx main.ts" }')).context).toEqual({});
});

test.each([
  ["cdktf.json is missing", undefined],
  ["cdktf.json names no app", "{}"],
])("%s", (message, text) => {
  expect(() => appOf(project(text))).toThrow(expect.objectContaining({ code: "invalid", message }));
});

test("options of a program come on top of the app's own, and the rest of the context stays", () => {
  const context = { rack: 2, [HOST_FILES]: { check: true, accept: ["nix/README.md"] } };
  expect(JSON.parse(contextJson(context, { accept: ["nix/cluster.json"] }))).toEqual({
    rack: 2,
    [HOST_FILES]: { check: true, accept: ["nix/cluster.json"] },
  });
});
