/** Every definition of a schema is compared with a real document. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { FORMAT_VERSIONS } from "../src/cli/json-document";
import { REPOSITORY } from "./fixture";

const SCHEMAS = join(REPOSITORY, "schemas");

const tests = readdirSync(__dirname, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts") && path !== basename(__filename))
  .map((path) => readFileSync(join(__dirname, path), "utf8"))
  .join("\n");

/** Definitions that a test names, as in `schemaFaults("rollout#plan", …)`, and those that they consist of. */
function validated(name: string, definitions: Readonly<Record<string, object>>): Set<string> {
  const found = new Set(
    Object.keys(definitions).filter((definition) => tests.includes(`"${name}#${definition}"`)),
  );
  for (const definition of found)
    for (const [, part = ""] of JSON.stringify(definitions[definition]).matchAll(/"#\/definitions\/(\w+)"/g))
      found.add(part);
  return found;
}

test.each(readdirSync(SCHEMAS).filter((file) => file.endsWith(".schema.json")))(
  "every definition of %s is used by a test",
  (file) => {
    const { definitions } = JSON.parse(readFileSync(join(SCHEMAS, file), "utf8")) as {
      definitions?: Record<string, object>;
    };
    const name = file.replace(".schema.json", "");
    if (definitions === undefined) expect(tests).toContain(`schemas/${file}"`);
    else expect([...validated(name, definitions)].sort()).toEqual(Object.keys(definitions).sort());
  },
);

test.each(Object.entries(FORMAT_VERSIONS))(
  "every document of %s has the format version that its schema states",
  (command, version) => {
    const schema = readFileSync(join(SCHEMAS, `${command}.schema.json`), "utf8");
    const stated = [...schema.matchAll(/"formatVersion": \{\s*"const": (\d+)/g)].map(([, number]) =>
      Number(number),
    );
    expect(stated.length).toBeGreaterThan(1);
    expect(new Set(stated)).toEqual(new Set([version]));
  },
);
