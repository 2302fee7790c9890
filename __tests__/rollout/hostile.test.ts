/** Answers of a host that an attacker controls: each may harm only that host. ssh.test.ts tests hostile connections. */
import type { Fleet } from "../../src/rollout/fleet";
import type { Host } from "../../src/rollout/host";
import { Kubernetes } from "../../src/rollout/kubernetes";
import { planHost } from "../../src/rollout/plan";
import { rulesetState } from "../../src/rollout/ruleset";
import { Report } from "../../src/rollout/script";
import { verify } from "../../src/rollout/verify";
import { formatPlan, formatVerification } from "../../src/rollout/format";
import { ALPHARD, HAMAL, MIZAR } from "../fixture";
import { described, hosts, hostState, kubeNode, context } from "./plan-context";

const GREEN = "\n\u001b[32mThe cluster matches main.ts.";

const three = (): Host[] => hosts(described([ALPHARD, HAMAL, MIZAR]));

test("a report of a million lines is read", () => {
  const report = new Report("@file a YQ==\n".repeat(1_000_000));
  expect(report.all("file")).toHaveLength(1_000_000);
});

test("a file name with a line break adds no line to a plan", () => {
  const [, hamal] = three() as [Host, Host];
  const all = [hostState(hamal, { files: new Map([...hamal.files, ["x\nhamal: unchanged", ""]]) })];
  const plan = planHost(all[0] as (typeof all)[0], context(all));
  expect(formatPlan([plan])).toContain("\n  x\ufffdhamal: unchanged: removed; the dated");
  expect(formatPlan([{ ...plan, verdict: "new" }])).toContain("its own x\ufffdhamal: unchanged will be");
});

test("files made to take a day to compare are reported as too many differences", () => {
  const [, hamal] = three() as [Host, Host];
  const text = Array.from({ length: 100_000 }, (_, at) => `${at}`).join("\n");
  const all = [hostState(hamal, { files: new Map([...hamal.files, ["configuration.nix", text]]) })];
  expect(planHost(all[0] as (typeof all)[0], context(all)).changes[0]?.lines).toEqual([
    "+ too many differences to show",
  ]);
});

test.each([["10.42.0.0/24 -f"], ["8.8.8.0/24"], ["10.42.0.0/8"], ["10.42.0.0/15"], ["$(id)"], ["-f"]])(
  "no other host is asked to reach the pod network %s",
  async (podCidr) => {
    const asked: unknown[] = [];
    const all = three();
    for (const host of all) {
      host.call = async (program, variables) => {
        asked.push(program === "reach" ? variables.targets : "");
        return new Report("");
      };
    }
    const nodes = all.map((host, at) => kubeNode(host, { podCidr: at === 0 ? podCidr : `10.42.${at}.0/24` }));
    const fleet: Fleet = {
      hosts: all.map((host) => hostState(host)),
      unreachable: [],
      kubernetes: new Kubernetes([]),
      nodes,
    };
    const { nodes: found } = await verify(fleet, all);
    expect(asked.filter(Boolean).sort()).toEqual(["10.42.1.0", "10.42.1.0 10.42.2.0", "10.42.2.0"]);
    expect(found[0]?.faults).toContain(`its node has pod CIDR ${podCidr}, which is not in 10.42.0.0/16`);
  },
);

test("no line from a host looks like one of this program", () => {
  const base = { role: "agent", address: "a", ready: true, reaches: "0/0", firewall: "?", counters: {} };
  const node = { ...base, name: `hamal${GREEN}`, version: `v1${GREEN}`, faults: [`wrong${GREEN}`] };
  const words = formatVerification({ nodes: [node], faults: [`stranger${GREEN}`] });
  const plan = planHost(hostState(three()[1] as Host, { firmware: `x${GREEN}` }), context([]));
  for (const line of `${words}\n${formatPlan([plan])}`.split("\n")) {
    expect(line).not.toMatch(/^\P{L}{0,5}The cluster is what/u);
  }
});

test.each([
  ["no JSON", "{"],
  ["brackets without end", "[".repeat(2_000_000)],
  ["another document", '{"nftables":null}'],
])("counters that are %s are ignored", (_, json) => {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const empty = base64('{"nftables":[]}');
  const report = new Report(`@live ${empty}\n@emitted ${empty}\n@counters ${base64(json)}\n`);
  expect(rulesetState(report)).toEqual({ differences: [], counters: {} });
});
