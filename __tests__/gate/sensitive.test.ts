import type { Change } from "../../src/gate/plan";
import { isSensitive } from "../../src/gate/sensitive";

test.each([
  ["the attribute itself", { name: true }, "name", true],
  ["a block, when something in it is", { disk: [{}, { interface: true }] }, "disk", true],
  ["what is in a block that is", { disk: true }, "disk.interface", true],
  ["an attribute whose name begins alike", { name: true }, "names", false],
  ["a block that begins alike", { disks: { interface: true } }, "disk", false],
])("whether it is sensitive: %s", (_, marks, attribute, sensitive) => {
  const change = { actions: ["update"], before_sensitive: {}, after_sensitive: marks } as unknown as Change;
  expect(isSensitive(change, attribute)).toBe(sensitive);
});
