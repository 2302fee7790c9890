/** Which nixpkgs hosts run and will run, of invented hosts. */
import { formatPlan, planAsJson } from "../../src/rollout/format";
import { leftBehind, revisionFaults } from "../../src/rollout/nixpkgs";
import { planHost } from "../../src/rollout/plan";
import type { HostState } from "../../src/rollout/identity";
import { revisionOf } from "../../src/rollout/facts";
import { Report } from "../../src/rollout/script";
import { ALPHARD, HAMAL, MIZAR, REFERENCE } from "../fixture";
import { asPrinted, schemaFaults } from "../json-schema";
import { documentOf } from "../../src/cli/json-document";
import { context, described, hosts, hostState } from "./plan-context";

const PIN = {
  rev: "0123456789abcdef0123456789abcdef01234567",
  hash: "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
};
const OTHER = "76543210fedcba9876543210fedcba9876543210";

/** The reference cluster, whose hosts run these revisions. */
function states(running: readonly string[], nixpkgs: typeof PIN | undefined = PIN): HostState[] {
  const nixos = { ...REFERENCE.nixos, nixpkgs };
  return hosts(described([ALPHARD, HAMAL, MIZAR], { nixos })).map((host, index) =>
    hostState(host, { nixpkgs: running[index] ?? "" }),
  );
}

const planned = (all: readonly HostState[], names: readonly string[]) =>
  all.filter(({ host }) => names.includes(host.name)).map((state) => planHost(state, context(all)));

test("a plan says which nixpkgs each host runs, and which one it will run", () => {
  const all = states([PIN.rev, OTHER, ""]);
  expect(formatPlan(planned(all, ["alphard", "hamal", "mizar"]))).toBe(
    [
      "alphard: unchanged  NixOS 25.11, nixpkgs 0123456789ab, K3s v1.34.2+k3s1",
      "hamal: unfinished  NixOS 25.11, nixpkgs 76543210fedc, K3s v1.34.2+k3s1",
      "  - it runs nixpkgs 76543210fedc, and will run 0123456789ab",
      "mizar: unchanged  NixOS 25.11, nixpkgs ?, K3s v1.34.2+k3s1",
    ].join("\n"),
  );
});

test("a plan says nothing of it where each host builds from its channel", () => {
  const nixos = REFERENCE.nixos;
  const [host] = hosts(described([ALPHARD], { nixos }));
  if (host === undefined) throw new Error("no host");
  const all = [hostState(host, { nixpkgs: OTHER })];
  expect(formatPlan(planned(all, ["alphard"]))).toBe("alphard: unchanged  NixOS 25.11, K3s v1.34.2+k3s1");
  expect([leftBehind(all, []), revisionFaults(host, OTHER)]).toEqual([[], []]);
});

test("hosts that are not part of a rollout and stay on another nixpkgs are announced", () => {
  const all = states([PIN.rev, OTHER, OTHER]);
  const plans = planned(all, ["mizar"]);
  const left = leftBehind(
    all,
    plans.map(({ host }) => host),
  );
  expect(left).toEqual(["hamal is not part of this rollout, and stays on nixpkgs 76543210fedc"]);
  expect(formatPlan(plans, left).split("\n").at(-1)).toBe(left[0]);
  const document = asPrinted(documentOf("rollout", planAsJson(plans, left)));
  expect(schemaFaults("rollout", document)).toEqual([]);
  expect(document).toMatchObject({ notes: left, hosts: [{ host: "mizar", nixpkgs: OTHER }] });
});

test("a verification finds a host on another nixpkgs, and one that does not say which", () => {
  const [{ host }] = states([]) as [HostState];
  expect(revisionFaults(host, PIN.rev)).toEqual([]);
  expect(revisionFaults(host, OTHER)).toEqual(["it runs nixpkgs 76543210fedc, not 0123456789ab"]);
  expect(revisionFaults(host, "")).toEqual([
    "it does not say which nixpkgs it runs (nixos-version --revision)",
  ]);
});

test.each([
  ["its revision", `@nixpkgs ${OTHER}`, OTHER],
  ["nothing", "@nixpkgs ", ""],
  ["what is none", "@nixpkgs \u001b[2Jdeadbeefdeadbeef", ""],
])("a host may report %s", (_, line, revision) => {
  expect(revisionOf(new Report(line))).toBe(revision);
});
