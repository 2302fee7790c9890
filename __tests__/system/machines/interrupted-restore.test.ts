/**
 * A restore killed after each step, and a connection lost in steps that change something: the former data is not deleted, no server
 * starts a cluster of its own, and the same command again finishes.
 */
import { server } from "../../fixture";
import { describeWith } from "../tools";
import type { Interruption } from "../../../testbed/machines/testbed";
import { backupOf } from "./backups";
import { LiveCluster } from "./cluster";
import { MACHINES } from "./tools";

const NODES = [
  server("k3s-server", "alphard", 134, { clusterInit: true }),
  server("k3s-server-1", "acrux", 137),
];

/** Of the server that is restored first, and of one that joins it. */
const STEPS = [
  ["alphard", "copy the snapshot"],
  ["alphard", "restore it aside"],
  ["acrux", "stop K3s and leave etcd"],
  ["alphard", "stop K3s"],
  ["alphard", "replace its data"],
  ["alphard", "start K3s"],
  ["alphard", "read the snapshot's objects back"],
  ["acrux", "join"],
] as const;

const killed = STEPS.map(([host, step]): [string, Interruption] => [
  `killed after: ${step}`,
  { when: { host, step, outcome: "done" }, signal: "SIGKILL" },
]);

const cut = STEPS.filter(([, step]) => /copy|aside|stop|replace/.test(step)).map(
  ([host, step]): [string, Interruption] => [
    `disconnected in: ${step}`,
    { when: { host, step, outcome: "started" }, after: 0.05, drop: host },
  ],
);

describeWith(MACHINES, "a restore that is interrupted", () => {
  let cluster: LiveCluster;
  let words: string[];

  beforeAll(async () => {
    cluster = await LiveCluster.start(NODES, NODES, { settings: { allowEvenServerCount: true } });
    cluster.testbed.setConfigMap("kept", "1");
    words = ["restore", "--from", await backupOf(cluster), "--confirm", "alphard"];
  });
  afterAll(() => cluster?.stop());

  test.each([...killed, ...cut])("%s", async (_, interruption) => {
    cluster.testbed.setConfigMap("later", "1");
    cluster.testbed.forgetEvents();
    const { acted } = await cluster.testbed.interrupted(words, cluster.folder, interruption);
    expect(acted).toBe(true);
    const again = await cluster.rollout(...words);
    expect([again.status, again.output]).toEqual([0, expect.stringContaining("objects were read back")]);
    expect(cluster.testbed.configMaps()).toEqual(["kept.json"]);
    expect(cluster.testbed.events().filter((event) => event.includes("founded"))).toEqual([]);
  });
});
