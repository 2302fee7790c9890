import { readFileSync } from "node:fs";
import { join } from "node:path";
import { USER_ERROR_CODES, UserError } from "../../src/base/user-error";
import { ExitCode, exitCodeOf } from "../../src/cli/exit-code";
import { failureDocument } from "../../src/cli/failure";
import { schemaFaults } from "../json-schema";
import { REPOSITORY } from "../fixture";

test("the exit code tells what a script does next: go on, come back later, or look", () => {
  const codes = USER_ERROR_CODES.map((code) => [code, ExitCode[exitCodeOf(new UserError(code, "why"))]]);
  expect(Object.fromEntries(codes)).toEqual({
    usage: "Usage",
    invalid: "Failed",
    stale: "Pending",
    refused: "Refused",
    "needs boot": "Refused",
    locked: "Refused",
    unreachable: "Unreachable",
    "connection lost": "Unreachable",
    unavailable: "Unreachable",
    failed: "Failed",
    unhealthy: "Failed",
    cancelled: "Refused",
    interrupted: "Interrupted",
  });
  expect(exitCodeOf(new Error("a mistake in this program"))).toBe(ExitCode.Failed);
});

describe.each([
  ["doctor", 1],
  ["gate", 2],
  ["preview", 1],
  ["rollout", 1],
  ["template", 1],
] as const)("the document of a failed %s", (command, formatVersion) => {
  test("carries the code of its error, and its schema knows all of them", () => {
    const errors = [...USER_ERROR_CODES.map((code) => new UserError(code, "why")), new Error("a mistake")];
    const documents = errors.map((error) => ({ formatVersion, ...failureDocument(error) }));
    expect(documents.map(({ code }) => code)).toEqual([...USER_ERROR_CODES, "failed"]);
    expect(documents.flatMap((document) => schemaFaults(command, document))).toEqual([]);
  });

  test("has no code that its schema does not know, and is none without", () => {
    expect(schemaFaults(command, { formatVersion, error: "why", code: "unheard of" })).not.toEqual([]);
    expect(schemaFaults(command, { formatVersion, error: "why" })).not.toEqual([]);
    const text = readFileSync(join(REPOSITORY, "schemas", `${command}.schema.json`), "utf8");
    const { definitions } = JSON.parse(text) as {
      definitions: { failure: { properties: { code: { enum: string[] } } } };
    };
    expect(definitions.failure.properties.code.enum).toEqual([...USER_ERROR_CODES]);
  });
});
