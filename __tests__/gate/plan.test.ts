/** Which documents are plans, and which plans are complete. */
import { readPlan } from "../../src/gate/plan";
import type { Json } from "../fixture";
import { ASKING, judgedWith, textOf, TOFU } from "./judged";

const readWith = (change: (plan: Json) => void, name = "no-op", engine = TOFU): unknown => {
  const plan = JSON.parse(textOf(name, engine));
  change(plan);
  return readPlan(JSON.stringify(plan));
};

test("a byte order mark, which the shells of Windows write, is ignored", () => {
  expect(readPlan(`\uFEFF${textOf("no-op")}`)).toEqual(readPlan(textOf("no-op")));
});

test.each([
  ["blanks", " \n", "The input is empty"],
  ["a log behind an empty line", '\n{"@level":"info"}', "The input is the log"],
  ["a version that is a number", '{"format_version":1,"planned_values":{}}', "not a plan"],
  ["a change that is nothing", '{"format_version":"1.2","resource_changes":[null]}', "not a plan"],
  [
    "a change without an address",
    '{"format_version":"1.2","resource_changes":[{"change":{"actions":[]}}]}',
    "not a plan",
  ],
])("%s is not a plan", (_, text, complaint) => {
  expect(() => readPlan(text)).toThrow(complaint);
});

test("a plan with a description that looks like a log line is not taken for a log", () => {
  expect(() => readWith((plan) => (plan.comment = '{"@level"'))).not.toThrow();
});

test("a condition of a resource that holds does not stop a plan", () => {
  const check = { address: { kind: "resource", to_display: "a.b" }, status: "pass" };
  expect(() => readWith((plan) => (plan.checks = [check]))).not.toThrow();
});

test.each(["count_expression", "for_each_expression"])(
  "a resource with %s may have no instance, and is not missing",
  (expression) => {
    const stated = { address: "a.b", mode: "managed" };
    const missing = (resource: object) => () =>
      readWith((plan) => plan.configuration.root_module.resources.push(resource), "asked", ASKING);
    expect(missing({ ...stated, [expression]: {} })).not.toThrow();
    expect(missing(stated)).toThrow("does not cover a.b");
  },
);

test("an -exclude that leaves out everything is not taken for a -refresh-only, which evaluates checks", () => {
  const unknown = (plan: Json): unknown => (plan.checks[0].status = "unknown");
  expect(() => readWith(unknown, "refresh-only", ASKING)).toThrow("The plan does not cover");
});

test("the summary of a plan counts VMs by what happens to them, including replaced and destroyed ones", () => {
  const summaryOf = (name: string): string => judgedWith(name, () => undefined).summary;
  expect(summaryOf("delete")).toContain("1 VM is DESTROYED");
  expect(summaryOf("vm-id")).toContain("1 VM is REPLACED");
});

test.each(["", "PK\u0003\u0004", '{"@level":"info"}', "{", "{}"])(
  "whoever passes %j instead of a plan reads how to make one",
  (text) => {
    expect(() => readPlan(text)).toThrow(
      expect.objectContaining({
        code: "invalid",
        problem: expect.stringMatching(/ Save a plan with `tofu plan .*`tofu show -json plan\.tfplan`\.$/),
      }),
    );
  },
);

test.each<[string, (plan: Json) => void]>([
  ["of a later format", (plan) => (plan.format_version = "11.0")],
  ["that does not cover everything", (plan) => (plan.checks[0].status = "unknown")],
])("a plan %s is invalid input", (_, change) => {
  expect(() => readWith(change, "refresh-only", ASKING)).toThrow(
    expect.objectContaining({ code: "invalid" }),
  );
});
