/**
 * A real K3s with the emitted flags behind the emitted rulesets, on a host for each node: `npm run test:k3s`, as root.
 *
 * Its author had no K3s: this file was never run with a real one, only its bed with a stand-in
 * (`__tests__/system/k3s`). What was seen by hand with K3s v1.33.5+k3s1: the flags as emitted, all nodes Ready
 * 30 to 62 s after the start, pods reach each other across hosts, and reloads of the rulesets leave K3s' rules as they are.
 */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { K3sBed } from "../../testbed/k3s/bed";
import { REPOSITORY, type Json } from "../fixture";

const { K3S_BIN, K3S_IMAGES } = process.env;

if (K3S_BIN === undefined) {
  throw new Error("K3S_BIN is not set: give the path of a K3s binary, and in K3S_IMAGES that of its images.");
}
const k3s = realpathSync(K3S_BIN);

/** Generous, for a slow machine. */
const SECONDS = 300;

let bed: K3sBed;

const kubectl = (...args: string[]): Promise<string> => bed.run("alphard", [k3s, "kubectl", ...args]);

/** Rules of kube-proxy, sorted by name, since it may write its chains in another order. */
async function kubeRules(hostname: string): Promise<string[]> {
  const rules = await bed.run(hostname, ["iptables-save", "-t", "nat"]);
  return rules
    .split("\n")
    .filter((line) => line.startsWith("-A KUBE-"))
    .sort();
}

beforeAll(
  async () => {
    const images = K3S_IMAGES === undefined ? undefined : realpathSync(K3S_IMAGES);
    bed = await K3sBed.start(join(REPOSITORY, "nix"), { k3s, images });
    await bed.until("all nodes are Ready", SECONDS, async () => {
      const status = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
      const { stdout } = await bed.attempt("alphard", [
        k3s,
        "kubectl",
        "get",
        "nodes",
        "-o",
        `jsonpath=${status}`,
      ]);
      return stdout.trim().split("\n").join() === bed.cluster.nodes.map(() => "True").join();
    });
  },
  (SECONDS + 60) * 1000,
);

afterAll(() => bed?.stop());

test("the nodes have the names, addresses and roles of the model", async () => {
  const { items } = JSON.parse(await kubectl("get", "nodes", "-o", "json"));
  const seen = items.map(({ metadata, status }: Json) => ({
    name: metadata.name,
    address: status.addresses.find(({ type }: Json) => type === "InternalIP").address,
    server: "node-role.kubernetes.io/control-plane" in metadata.labels,
  }));
  const expected = bed.cluster.nodes.map(({ hostname, ipv4Address, role }) => ({
    name: hostname,
    address: ipv4Address,
    server: role === "server",
  }));
  expect(seen.sort(byName)).toEqual(expected.sort(byName));
});

test("the emitted table exists next to K3s' rules, and its reload flushes none of them", async () => {
  for (const { hostname } of bed.cluster.nodes) {
    await bed.until(
      `kube-proxy's rules on ${hostname}`,
      SECONDS,
      async () => (await kubeRules(hostname)).length > 0,
    );
    await bed.loadRuleset(hostname);
    // A service that changes meanwhile adds or removes rules. Those of the API's own service are always there.
    expect((await kubeRules(hostname)).join("\n")).toContain("default/kubernetes:https");
    expect(await bed.run(hostname, ["nft", "list", "tables"])).toContain("table inet k3s_host");
  }
});

// Without the archive no pod starts, and the hosts have no way out to fetch one.
const withImages = K3S_IMAGES === undefined && process.env.CI === undefined ? test.skip : test;

withImages(
  "a pod reaches a pod of another host by its address (K3S_IMAGES)",
  async () => {
    const agents = bed.cluster.nodes.filter(({ role }) => role === "agent").map(({ hostname }) => hostname);
    const [near = "", far = ""] = agents;
    const images = await bed.run(near, [k3s, "ctr", "images", "ls", "-q"]);
    const image = images.split("\n").find((name) => /busybox:/.test(name)) as string;
    await bed.until("the account of pods", SECONDS, async () => {
      const { status } = await bed.attempt("alphard", [k3s, "kubectl", "get", "serviceaccount", "default"]);
      return status === 0;
    });
    for (const host of agents) {
      const script = `echo on ${host} >/tmp/index.html && exec httpd -f -p 8080 -h /tmp`;
      const container = { name: "web", image, imagePullPolicy: "Never", command: ["sh", "-c", script] };
      const overrides = JSON.stringify({ spec: { nodeName: host, containers: [container] } });
      await kubectl("run", `on-${host}`, `--image=${image}`, "--restart=Never", `--overrides=${overrides}`);
    }
    await kubectl("wait", "--for=condition=Ready", "pod", "--all", `--timeout=${SECONDS}s`);
    const address = await kubectl("get", "pod", `on-${far}`, "-o", "jsonpath={.status.podIP}");
    await bed.until("the answer of the other pod", 60, async () => {
      const fetch = [
        "exec",
        `on-${near}`,
        "--",
        "wget",
        "-q",
        "-T",
        "5",
        "-O",
        "-",
        `http://${address}:8080/`,
      ];
      const { stdout } = await bed.attempt("alphard", [k3s, "kubectl", ...fetch]);
      return stdout === `on ${far}\n`;
    });
  },
  3 * SECONDS * 1000,
);

const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
