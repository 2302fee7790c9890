/** A link with a round trip of 200 ms between the operator and the hosts, made by a relay that delays data. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWith } from "../tools";
import { LiveCluster, THREE } from "./cluster";
import { MACHINES } from "./tools";

const ONE_WAY_MS = 100;

describeWith(MACHINES, "over a link of 200 ms", () => {
  let cluster: LiveCluster;

  beforeAll(async () => {
    cluster = await LiveCluster.start(THREE);
    const relay = join(cluster.testbed.folder, "machines", "programs", "slow-link");
    const ssh = join(cluster.testbed.folder, "operator", "bin", "ssh");
    const proxy = `${process.execPath} ${relay} %h %p ${ONE_WAY_MS}`;
    writeFileSync(
      ssh,
      `#!/bin/sh\nexec /usr/bin/ssh -F /dev/null -o IdentitiesOnly=yes -i ${cluster.key.file} -o 'ProxyCommand=${proxy}' "$@"\n`,
    );
  });
  afterAll(() => cluster?.stop());

  test("no login is faster than the link", async () => {
    const words = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    const begin = performance.now();
    const login = await cluster.testbed.operator(
      ["ssh", ...words, "root@172.22.0.135", "true"],
      cluster.folder,
    );
    expect(login.status).toBe(0);
    // The connection, both greetings, the exchange of keys, the login and the session are a round trip each at least.
    expect(performance.now() - begin).toBeGreaterThan(5 * 2 * ONE_WAY_MS);
  });

  test("an agent is changed, rebooted and confirmed, and the cluster is whole", async () => {
    writeFileSync(join(cluster.folder, "nix", "k3s-agent", "local.nix"), "{ } # changed\n");
    cluster.testbed.setFault("hamal", "kernel", "6.12.2");
    cluster.testbed.forgetEvents();
    const { stdout } = (await cluster.rollout("apply", "--on", "hamal", "--yes")).mustSucceed();
    expect(stdout).toContain("The cluster matches main.ts.");
    const events = cluster.testbed.events();
    for (const event of ["boot-default", "reboot", "boot"])
      expect(events).toContainEqual(expect.stringMatching(new RegExp(`^hamal ${event}`)));
    const before = cluster.testbed.events().length;
    (await cluster.rollout("apply", "--yes")).mustSucceed();
    expect(cluster.testbed.events()).toHaveLength(before);
  });
});
