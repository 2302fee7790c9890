import { hostFaults, nodeFaults } from "../../src/rollout/health";
import type { Kubernetes } from "../../src/rollout/kubernetes";
import { Report } from "../../src/rollout/script";
import { ALPHARD, HAMAL } from "../fixture";
import { described, hosts, kubeNode } from "./plan-context";

const report = (...lines: string[]): Report => new Report(lines.join("\n"));
const EXPECTED = { system: "/nix/store/built", notBoot: "boot-1" };

test.each([
  ["@k3s failed", "K3s is failed"],
  ["", "K3s is not installed"],
  ["@current /nix/store/other", "it runs /nix/store/other"],
  ["@boot_id boot-1", "it has not rebooted"],
  ["@flushes yes", "the next reload of its firewall would flush the rules of kube-proxy"],
])("a host that says '%s' is no host that is well: %s", (line, fault) => {
  expect(hostFaults(report(line), EXPECTED)).toContain(fault);
});

test.each([
  [["all 1", "default 1", "ens18 1", "cni0 0"], "cni0"],
  [["all 0", "default 0", "ens18 1"], "all, default"],
  [[], "all, default"],
])("a host whose kernel forwards by %j is not healthy: %s", (lines, off) => {
  const faults = hostFaults(report(...lines.map((line) => `@forwarding ${line}`)), EXPECTED);
  expect(faults).toContainEqual(expect.stringContaining(`forwarding is not 1 for ${off})`));
});

test("a healthy host has none of these faults", () => {
  const well = report(
    "@k3s active",
    "@current /nix/store/built",
    "@boot_id boot-2",
    "@flushes no",
    "@forwarding all 1",
    "@forwarding default 1",
  );
  expect(hostFaults(well, EXPECTED).filter((fault) => !fault.startsWith("its firewall differs"))).toEqual([]);
});

test("a node whose kubelet has sent no heartbeat since the step began is not there", async () => {
  const [, hamal] = hosts(described([ALPHARD, HAMAL]));
  if (hamal === undefined) throw new Error("no such host");
  const node = kubeNode(hamal);
  const kubernetes = { nodes: () => Promise.resolve([node]) } as unknown as Kubernetes;
  const seen = report(`@boot_id boot of ${hamal.name}`, "@k3s_version v1.34.2+k3s1");
  expect(await nodeFaults(hamal, seen, kubernetes, node.heartbeat)).toEqual([
    "its kubelet has not reported since",
  ]);
  expect(await nodeFaults(hamal, seen, kubernetes, "before")).toEqual([]);
});

test("a server is expected to be control-plane, and an agent is not", async () => {
  const [alphard, hamal] = hosts(described([ALPHARD, HAMAL]));
  const faultsOf = (host: typeof alphard): Promise<string[]> => {
    if (host === undefined) throw new Error("no such host");
    const nodes = [kubeNode(host, { controlPlane: false })];
    const kubernetes = { nodes: () => Promise.resolve(nodes) } as unknown as Kubernetes;
    return nodeFaults(
      host,
      report(`@boot_id boot of ${host.name}`, "@k3s_version v1.34.2+k3s1"),
      kubernetes,
      "before",
    );
  };
  expect(await faultsOf(alphard)).toEqual(["its node is not a control plane yet"]);
  expect(await faultsOf(hamal)).toEqual([]);
});
