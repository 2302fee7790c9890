/** How many connections an apply needs, counted by the SSH servers themselves. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWith } from "../tools";
import { LiveCluster, THREE } from "./cluster";
import { MACHINES } from "./tools";

const HOSTS = ["alphard", "hamal", "mizar"];

describeWith(MACHINES, "an apply that changes and reboots all hosts", () => {
  let cluster: LiveCluster;

  beforeAll(async () => (cluster = await LiveCluster.start(THREE)));
  afterAll(() => cluster?.stop());

  const connections = (): Promise<number[]> =>
    Promise.all(
      HOSTS.map(async (host) =>
        Number(await cluster.testbed.on(host, "grep -c 'Accepted publickey' /var/log/sshd || true")),
      ),
    );

  test("needs at most 6 connections to an agent and 12 to a server, however long it waits for them", async () => {
    for (const directory of ["k3s-server", "k3s-agent", "k3s-agent-1"])
      writeFileSync(join(cluster.folder, "nix", directory, "local.nix"), "{ } # changed\n");
    for (const host of HOSTS) {
      cluster.testbed.setFault(host, "kernel", "6.12.2");
      // During the build, the boot and the start of the API, the host is polled every second.
      cluster.testbed.setFault(host, "seconds", "4");
    }
    const before = await connections();
    const applied = cluster.rollout("apply", "--yes");
    await cluster.testbed.until(
      "the server boots",
      () => cluster.testbed.events().includes("alphard boot"),
      60,
    );
    cluster.testbed.setFault("alphard", "api-not-ready");
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    cluster.testbed.clearFault("alphard", "api-not-ready");
    (await applied).mustSucceed();
    const [server = 0, ...agents] = (await connections()).map((count, at) => count - (before[at] ?? 0));
    expect(cluster.testbed.events().filter((event) => event.endsWith(" reboot"))).toHaveLength(3);
    process.stdout.write(`connections: server ${server}, agents ${agents.join(" and ")}\n`);
    expect(server).toBeLessThanOrEqual(12);
    expect(Math.max(...agents)).toBeLessThanOrEqual(6);
  });
});
