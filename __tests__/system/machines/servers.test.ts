import { ALPHARD, FIVE_NODES, HAMAL, MIZAR } from "../../fixture";
import { schemaFaults } from "../../json-schema";
import { textOf } from "../../markdown";
import { describeWith } from "../tools";
import { LiveCluster } from "./cluster";
import { MACHINES } from "./tools";

const SERVERS = ["alphard", "acrux", "alnair"];

describeWith(MACHINES, "a cluster of one server grows to three, changes, and shrinks", () => {
  let cluster: LiveCluster;

  beforeAll(async () => {
    const before = [{ ...ALPHARD, clusterInit: true }, HAMAL, MIZAR];
    cluster = await LiveCluster.start(before, FIVE_NODES);
  });
  afterAll(() => cluster?.stop());

  /** Events of hosts, without store paths. */
  const events = (): string[] => cluster.testbed.events().map((event) => event.replace(/ [0-9a-f]{6}$/, ""));

  const at = (event: string): number => {
    expect(events()).toContain(event);
    return events().indexOf(event);
  };

  const apply = async (...words: string[]): Promise<void> => {
    cluster.testbed.forgetEvents();
    (await cluster.rollout("apply", "--yes", ...words)).mustSucceed();
  };

  /** No server is changed before the previous one is finished. */
  function expectOneByOne(): void {
    const turns = events().filter((event) =>
      SERVERS.some((name) => event === `${name} activate` || event === `${name} boot-default`),
    );
    const expected = turns
      .filter((event) => event.endsWith("activate"))
      .flatMap((event) => [event, event.replace("activate", "boot-default")]);
    expect(turns).toEqual(expected);
  }

  test("servers are added one by one, when all members know them", async () => {
    await apply();
    for (const member of ["alphard", "hamal", "mizar"]) {
      expect(at(`${member} boot-default`)).toBeLessThan(
        Math.min(at("acrux activate"), at("alnair activate")),
      );
    }
    expectOneByOne();
    expect(
      events()
        .filter((event) => event.endsWith(" reboot"))
        .sort(),
    ).toEqual(["acrux reboot", "alnair reboot"]);
  });

  test("a changed firewall goes to agents first, to servers one by one, and reboots nobody", async () => {
    cluster.emit(FIVE_NODES, {
      firewall: {
        allow: [
          {
            from: "192.168.50.0/24",
            to: "every host",
            protocol: "tcp",
            ports: { from: 9100, to: 9100 },
            why: "metrics",
          },
        ],
      },
    });
    await apply("--agents-at-once", "1");
    const [first = "", second = ""] = events().filter((event) => /^(hamal|mizar) activate$/.test(event));
    expect(at(first.replace("activate", "boot-default"))).toBeLessThan(at(second));
    for (const agent of ["hamal", "mizar"]) {
      for (const server of SERVERS)
        expect(at(`${agent} boot-default`)).toBeLessThan(at(`${server} activate`));
    }
    expectOneByOne();
    expect(events().filter((event) => / reboot$| k3s | kubectl /.test(event))).toEqual([]);
  });

  test("an address of the API's own goes to servers first, to the one that holds it last, and then to agents", async () => {
    const address = "172.22.0.30";
    // keepalived does not run on these machines.
    const hold = (name: string): Promise<string> =>
      cluster.testbed.on(name, `ip address add ${address}/32 dev ens18`);
    cluster.emit(FIVE_NODES, { apiEndpoint: undefined, apiVip: { address } });
    const refused = await cluster.rollout("apply", "--yes", "--on", "agents");
    expect([refused.status, refused.output]).toEqual([
      4,
      expect.stringContaining("no server holds the API's address yet, through which hamal, mizar would join"),
    ]);
    await hold("alphard");
    await apply();
    expectOneByOne();
    for (const server of ["acrux", "alnair"])
      expect(at(`${server} boot-default`)).toBeLessThan(at("alphard activate"));
    for (const agent of ["hamal", "mizar"])
      expect(at("alphard boot-default")).toBeLessThan(at(`${agent} activate`));
    await hold("alnair");
    const { status, output } = await cluster.rollout("verify");
    expect([status, output]).toEqual([
      1,
      expect.stringContaining("alphard and alnair have 172.22.0.30, the API's address, at the same time"),
    ]);
    cluster.emit(FIVE_NODES);
  });

  test("a newer K3s goes to servers first, so that no kubelet is newer than its API", async () => {
    for (const { hostname } of FIVE_NODES) cluster.testbed.setFault(hostname, "k3s-version", "v1.35.0+k3s1");
    await apply("--rebuild");
    for (const agent of ["hamal", "mizar"]) {
      for (const server of SERVERS)
        expect(at(`${server} joined v1.35.0+k3s1`)).toBeLessThan(at(`${agent} activate`));
    }
    expectOneByOne();
  });

  test("a kernel reboots one node at a time, drained", async () => {
    for (const { hostname } of FIVE_NODES) cluster.testbed.setFault(hostname, "kernel", "6.12.77");
    await apply("--rebuild");
    const power = events().flatMap((event) => (/^(\w+) (reboot|boot)$/.test(event) ? [event] : []));
    expect(power).toHaveLength(10);
    for (let turn = 0; turn < power.length; turn += 2) {
      const [name] = (power[turn] as string).split(" ");
      expect(power.slice(turn, turn + 2)).toEqual([`${name} reboot`, `${name} boot`]);
      const words = events().filter(
        (event) => event.endsWith(`cordon ${name}`) || event.endsWith(`drain ${name}`),
      );
      expect(words.map((event) => event.replace(/^\w+ /, ""))).toEqual([
        `kubectl cordon ${name}`,
        `kubectl drain ${name}`,
        `kubectl uncordon ${name}`,
      ]);
      // A server that is drained does not get the commands for its own drain.
      expect(words.slice(0, 2).filter((event) => event.startsWith(`${name} `))).toEqual([]);
    }
  });

  test("the answer of a server whose API is not ready is not used", async () => {
    cluster.testbed.setFault("alphard", "api-not-ready");
    (await cluster.rollout("verify")).mustSucceed();
    cluster.testbed.clearFault("alphard", "api-not-ready");
  });

  test("a server is left as it is while another is away, since etcd would lose its quorum", async () => {
    await cluster.testbed.powerOff("alnair");
    await cluster.testbed.until("alnair is not Ready", async () =>
      (await cluster.rollout("verify", "--on", "alnair")).output.includes("its node is not Ready"),
    );
    cluster.testbed.setFault("acrux", "k3s-version", "v1.35.1+k3s1");
    cluster.testbed.forgetEvents();
    const { status, output } = await cluster.rollout("apply", "--on", "acrux", "--yes", "--rebuild");
    expect([status, output]).toEqual([
      4,
      expect.stringContaining(
        "acrux was not changed: without acrux only 1 of 3 servers would be ready, and etcd needs 2: alnair not ready",
      ),
    ]);
    expect(events()).toEqual(["acrux build"]);
    const removal = await cluster.rollout("remove", "acrux", "--yes");
    expect([removal.status, removal.output]).toEqual([
      4,
      expect.stringContaining("only 1 of 3 servers would be left"),
    ]);
    cluster.testbed.clearFault("acrux", "k3s-version");
    await cluster.testbed.powerOn("alnair");
    await cluster.testbed.until(
      "all is well again",
      async () => (await cluster.rollout("verify")).status === 0,
    );
  });

  test("the server that founded the cluster is not removed", async () => {
    const { status, output } = await cluster.rollout("remove", "alphard", "--yes");
    expect([status, output]).toEqual([4, expect.stringContaining("it is the server with clusterInit")]);
  });

  test("a removal that is held up says by what, and leaves the node as it is", async () => {
    cluster.testbed.addPod("precious", "mizar", { held: true });
    cluster.testbed.forgetEvents();
    const { status, output } = await cluster.rollout("remove", "mizar", "--yes", "--drain-seconds", "1");
    expect([status, output]).toEqual([1, expect.stringContaining("default/precious is still there")]);
    expect(cluster.testbed.kubeNode("mizar")?.spec.unschedulable).toBe(false);
    cluster.testbed.removePod("precious");
  });

  test.each([
    ["an agent", "mizar", "k3s-agent-1", 136],
    ["a server", "acrux", "k3s-server-1", 137],
  ])("%s is removed: drained, powered off, and only then forgotten", async (_, name, id, vmId) => {
    cluster.testbed.forgetEvents();
    const { stdout } = (await cluster.rollout("remove", name, "--yes")).mustSucceed();
    expect(events().map((event) => event.replace(/^(\w+) kubectl/, "kubectl"))).toEqual([
      `kubectl cordon ${name}`,
      `kubectl drain ${name}`,
      `${name} k3s stop`,
      `${name} poweroff`,
      `kubectl delete node ${name}`,
    ]);
    expect(cluster.testbed.kubeNode(name)).toBeUndefined();
    expect(cluster.testbed.secrets()).not.toContain(`${name}.node-password.k3s`);
    expect(cluster.testbed.isOn(name)).toBe(false);
    expect(stdout).toContain(`delete its statement ("${id}") in main.ts`);
    expect(stdout).toContain(`DESTROYS VM ${vmId}`);
    if (name === "mizar") expect(textOf("docs/how-to/roll-out.md")).toContain(stdout);
  });

  test("the other nodes then remove it from their rulesets", async () => {
    cluster.emit(
      FIVE_NODES.filter(({ hostname }) => !["mizar", "acrux"].includes(hostname)),
      { allowEvenServerCount: true },
    );
    await apply();
    expect(await cluster.testbed.on("hamal", "nft list set inet k3s_host nodes4")).not.toMatch(
      /172\.22\.0\.13[67]/,
    );
  });

  test("of two servers none can be spared", async () => {
    const { status, output } = await cluster.rollout("remove", "alnair", "--yes");
    expect([status, output]).toEqual([4, expect.stringContaining("add a third server first")]);
  });

  test("a removal is reported as JSON, too", async () => {
    const { stdout } = (await cluster.rollout("remove", "hamal", "--yes", "--json")).mustSucceed();
    const document = JSON.parse(stdout) as unknown;
    expect(schemaFaults("rollout#removed", document)).toEqual([]);
    expect(document).toEqual({ formatVersion: 1, removed: "hamal", poweredOff: true });
  });
});
