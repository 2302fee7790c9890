import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LAB_CLUSTERS, startLab, type LabCluster } from "./lab/clusters";
import { PATIENT, type Lab } from "./lab/lab";
import { NetnsSandbox } from "../../testbed/namespaces/netns-sandbox";
import { Listing } from "./namespace";
import { describeWith, LAB } from "./tools";

const RELOADS = 300;

/** The ports to which new connections are made one after another, while another connection stays open. */
const TRAFFIC = [
  { from: "mizar-pod1", host: "hamal-pod1", port: 8080, what: "pod to pod" },
  { from: "lan", host: "mizar", port: 30_080, what: "LAN to a node port with an endpoint elsewhere" },
  { from: "router", host: "hamal", port: 22, what: "LAN to SSH" },
  { from: "alphard", host: "hamal", port: 10_250, what: "server to kubelet" },
];

/** All tables except ours, without counters. */
async function others(lab: Lab, host: string): Promise<unknown> {
  const { stdout } = await lab.in(host, ["nft", "-j", "list", "ruleset"]);
  const besides = new Listing(stdout).besides("inet", "k3s_host");
  return JSON.parse(JSON.stringify(besides, (key, value) => (key === "counter" ? undefined : value)));
}

describeWith(LAB, "a host of the reference cluster", () => {
  const cluster = LAB_CLUSTERS[0] as LabCluster;
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab(cluster);
    await lab.load();
  });
  afterAll(() => lab?.stop());

  test(`whose ruleset is loaded ${RELOADS} times under traffic fails no connection, and touches no other table`, async () => {
    const before = await others(lab, "hamal");
    const hammering = TRAFFIC.map(async ({ from, host, port, what }) => {
      const target = { host: lab.addressOf(host), port, wait: PATIENT.open };
      return { what, ...(await lab.ask(from, { do: "hammer", ...target })) };
    });
    await sleep(500);
    const file = join("/run", "hamal.nft");
    const text = lab.rulesets.get("hamal") as string;
    await lab.sandbox.run(["tee", file], text);
    const loads = `for i in $(seq ${RELOADS}); do nft -f ${file} || exit; done`;
    await lab.sandbox.run([...NetnsSandbox.in("hamal"), "sh", "-e", "-c", loads]);
    await Promise.all(TRAFFIC.map(({ from }) => lab.ask(from, { do: "stop hammering" })));
    const results = await Promise.all(hammering);

    expect(
      results.flatMap(({ what, failed = [] }) => failed.map((failure) => `${what}: ${failure}`)),
    ).toEqual([]);
    expect(results.filter(({ succeeded = 0 }) => succeeded < RELOADS / 10)).toEqual([]);
    expect(await others(lab, "hamal")).toEqual(before);
    expect(JSON.stringify(before)).toContain("KUBE-SERVICES");
  });

  test("whose list of nodes lacks one is caught", async () => {
    const text = lab.rulesets.get("hamal") as string;
    const line = /^.*# mizar\n/m;
    expect(text).toMatch(line);
    await lab.load(new Map([["hamal", text.replace(line, "")]]));
    const failures = await lab.unexpected(cluster.flows, { open: 1_000, closed: 500 });
    expect(failures.join("\n")).toContain("a pod reaches a pod of another host");
    expect(failures.join("\n")).toContain("a host's kubelet is reached (from mizar)");
    await lab.load();
    expect(await lab.unexpected(cluster.flows, PATIENT)).toEqual([]);
  });
});
