import type { Change } from "../../src/gate/plan";
import { isSensitive } from "../../src/gate/sensitive";

describe.each(["before_sensitive", "after_sensitive"])("by %s", (where) => {
  test.each([
    ["the attribute itself", { name: true }, "name", true],
    ["a block, when something in it is", { disk: [{}, { interface: true }] }, "disk", true],
    ["what is in a block that is", { disk: true }, "disk.interface", true],
    ["all of a VM that is", true, "name", true],
    ["an attribute whose name begins alike", { name: true }, "names", false],
    ["a block that begins alike", { disks: { interface: true } }, "disk", false],
    ["an attribute that is marked as not sensitive", { name: false }, "name", false],
    ["a VM that is marked as not sensitive", false, "name", false],
    ["an attribute without a mark", { name: null }, "name", false],
  ])("whether it is sensitive: %s", (_, marks, attribute, sensitive) => {
    const change = { actions: ["update"], [where]: marks } as unknown as Change;
    expect(isSensitive(change, attribute)).toBe(sensitive);
  });
});
