/**
 * An upgrade killed after steps that leave something behind, and a connection lost in steps that change something: every host runs its old system or its new
 * one, for good, backups are whole, and the same command again finishes.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { HAMAL, server } from "../../fixture";
import { describeWith } from "../tools";
import type { Interruption } from "../../../testbed/machines/testbed";
import { LiveCluster } from "./cluster";
import { MACHINES } from "./tools";

const NODES = [server("k3s-server", "alphard", 134, { clusterInit: true }), HAMAL];

/** hamal is the agent that is changed first. Those of a backup, a drill and an apply alone have their own tests. */
const STEPS = [
  ["alphard", "restore it aside"],
  ["hamal", "make it the boot default"],
  ["hamal", "soak"],
  ["alphard", "confirm"],
] as const;

const killed = STEPS.map(([host, step]): [string, Interruption] => [
  `killed after: ${host}: ${step}`,
  { when: { host, step, outcome: "done" }, signal: "SIGKILL" },
]);

const cut = (
  [
    ["alphard", "copy"],
    ["hamal", "switch its channel"],
  ] as const
).map(([host, step]): [string, Interruption] => [
  `disconnected in: ${host}: ${step}`,
  { when: { host, step, outcome: "started" }, after: 0.05, drop: host },
]);

describeWith(MACHINES, "an upgrade that is interrupted", () => {
  let cluster: LiveCluster;
  let patch = 2;

  beforeAll(async () => (cluster = await LiveCluster.start(NODES)));
  afterAll(() => cluster?.stop());

  const on = async (host: string, script: string): Promise<string> =>
    (await cluster.testbed.on(host, script)).trim();

  const isSettled = async (): Promise<boolean> => {
    const states = await Promise.all(NODES.map(({ hostname }) => cluster.testbed.attempt(hostname, SETTLED)));
    return states.every(({ status }) => status === 0);
  };

  test.each([...killed, ...cut])("%s", async (_, interruption) => {
    const [before, after] = [`v1.34.${patch}+k3s1`, `v1.34.${++patch}+k3s1`];
    for (const { hostname } of NODES) cluster.testbed.setFault(hostname, "k3s-version", after);
    const words = ["upgrade", "--k3s", "1.34", "--yes", "--soak", "1", "--confirm-seconds", "8"];
    const { acted } = await cluster.testbed.interrupted(words, cluster.folder, interruption);
    expect(acted).toBe(true);

    await cluster.testbed.until("nothing goes on any more", isSettled, 20);
    for (const { hostname } of NODES) {
      const [version, current, booting] = (
        await on(
          hostname,
          "sed -n 5p /run/current-system/etc/k3s; readlink -f /run/current-system /boot/default",
        )
      ).split("\n");
      expect([before, after]).toContain(version);
      // A confirmed host that the program left before the next step is new, and boots its former system until the next run.
      if (!/confirm/.test(interruption.when.step)) expect(current).toBe(booting);
    }

    (await cluster.rollout(...words)).mustSucceed();
    for (const { hostname } of NODES)
      expect(await on(hostname, "sed -n 5p /run/current-system/etc/k3s")).toBe(after);
    expect(
      readdirSync(join(cluster.folder, "backups")).filter((name) => name.includes("unfinished")),
    ).toEqual([]);
  });
});

const SETTLED = `
state() { systemctl show -p ActiveState --value "$1"; }
[ "$(state k3s-rollout-revert.timer)" != active ]
[ "$(state k3s-rollout-revert.service)" != activating ]
[ "$(state k3s-rollout-activate.service)" != activating ]
[ "$(state k3s.service)" = active ]
`;
