/** The schemas of what the program prints with `--json`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { REPOSITORY } from "./fixture";

/** What a document has that its schema does not know, or lacks. */
export function schemaFaults(schema: "gate" | "preview" | "rollout", document: unknown): string[] {
  const text = readFileSync(join(REPOSITORY, "schemas", `${schema}.schema.json`), "utf8");
  const validate = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(text) as object);
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** As a program reads it: without what is `undefined`. */
export const asPrinted = (document: object): unknown => JSON.parse(JSON.stringify(document));
