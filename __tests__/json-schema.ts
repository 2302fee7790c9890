/** The schemas of what the program prints with `--json`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { REPOSITORY } from "./fixture";

type Name = "doctor" | "gate" | "preview" | "rollout" | "simulate" | "template";

/** Any document of a schema, or the one of that definition, such as `rollout#plan`. */
export type SchemaName = Name | `${Name}#${string}`;

/** The differences between a document and its schema. */
export function schemaFaults(schema: SchemaName, document: unknown): string[] {
  const [name, definition] = schema.split("#") as [string, string?];
  const text = readFileSync(join(REPOSITORY, "schemas", `${name}.schema.json`), "utf8");
  const ajv = new Ajv({ strict: true, allErrors: true }).addSchema(JSON.parse(text) as object, name);
  const validate = ajv.getSchema(definition === undefined ? name : `${name}#/definitions/${definition}`);
  if (validate === undefined) throw new Error(`there is no ${schema}`);
  void validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** As a program reads it: without what is `undefined`. */
export const asPrinted = (document: object): unknown => JSON.parse(JSON.stringify(document));
