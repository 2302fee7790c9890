/** As an owner runs it, up to where it would speak to a host. */
import { existsSync } from "node:fs";
import { REPOSITORY } from "../fixture";
import { Project, runScript } from "../project";

test("files that are not what main.ts says are not rolled out", () => {
  const project = new Project();
  project.edit("main.ts", (text) =>
    text.replace('hostname: "mizar", vmId: 136', 'hostname: "mizar", vmId: 137'),
  );
  const { status, output } = project.npm("rollout", "--", "plan");
  expect(status).toBe(1);
  expect(output).toContain("Not what main.ts says");
  expect(output).toContain("The hosts were not touched");
  expect(existsSync(project.path("known_hosts"))).toBe(false);
});

test("files that were changed by hand are not rolled out", () => {
  const project = new Project();
  project.edit("nix/k3s-agent/nftables.nft", (text) => text.replace("policy drop", "policy accept"));
  const { status, output } = project.script("rollout", "apply", "--yes");
  expect([status, output]).toEqual([1, expect.stringContaining("nix/k3s-agent/nftables.nft was changed")]);
});

test("a host that is not in main.ts is named with those that are", () => {
  const { status, output } = new Project().script("rollout", "plan", "--at", "alnair=10.0.0.1");
  expect([status, output]).toEqual([
    1,
    expect.stringContaining("No such host in main.ts: alnair. There are alphard, hamal, mizar"),
  ]);
});

test.each([
  ["--help", "bring hosts to what was emitted"],
  ["plan --help", "say what an apply would do, and why; changes nothing"],
  ["apply --help", "--confirm-seconds <seconds>"],
  ["verify --help", "--watch [seconds]"],
  ["capture --help", "store a host's own hardware configuration"],
  ["remove --help", "--drain-seconds <seconds>"],
  ["kubeconfig --help", "--print"],
])("help: %s", (words, expected) => {
  const { status, output } = runScript(REPOSITORY, "rollout", ...words.split(" "));
  expect([status, output.replace(/\s+/g, " ")]).toEqual([0, expect.stringContaining(expected)]);
});

test.each([
  ["apply --confirm-seconds 0", "Expected seconds, such as 300, a whole number above 0"],
  ["apply --agents-at-once 3s", "Expected a count, such as 3, a whole number above 0"],
  ["apply --at alphard", "Expected HOST=ADDRESS"],
  ["appyl", "unknown command 'appyl'"],
])("a slip is shown beside the help: %s", (words, expected) => {
  const { status, output } = runScript(REPOSITORY, "rollout", ...words.split(" "));
  expect([status, output]).toEqual([1, expect.stringContaining(expected)]);
  expect(output).toContain("Usage: rollout");
});
