/**
 * A recovery killed after each of its own steps, and a connection lost in those that change something: no host joins a cluster that is
 * not the restored one, and the same command again finishes. `interrupted-restore` and `interrupted-agent` do it for the steps of a
 * restore and of a rollout.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { HAMAL, server } from "../../fixture";
import { describeWith } from "../tools";
import type { Interruption } from "../../../testbed/machines/testbed";
import { backupOf } from "./backups";
import { LiveCluster } from "./cluster";
import { MACHINES } from "./tools";

const NODES = [server("k3s-server", "alphard", 134, { clusterInit: true }), HAMAL];

const killed = (host: string, step: string): [string, Interruption] => [
  `killed after: ${step}`,
  { when: { host, step, outcome: "done" }, signal: "SIGKILL" },
];
const cut = (host: string, step: string): [string, Interruption] => [
  `disconnected in: ${step}`,
  { when: { host, step, outcome: "started" }, after: 0.05, drop: host },
];

describeWith(MACHINES, "a recovery that is interrupted", () => {
  let cluster: LiveCluster;
  let words: string[];

  beforeAll(async () => {
    cluster = await LiveCluster.start(NODES);
    cluster.testbed.setConfigMap("kept", "1");
    words = ["recover", "--from", await backupOf(cluster), "--confirm", "alphard", "--accept-new-host-keys"];
  });
  afterAll(() => cluster?.stop());

  test.each([
    killed("alphard", "make it the boot default"),
    killed("alphard", "replace its data"),
    killed("alphard", "forget the former machines"),
    killed("hamal", "make it the boot default"),
    cut("alphard", "replace its data"),
    cut("alphard", "end the recovery"),
  ])("%s", async (_, interruption) => {
    await cluster.testbed.loseAll(join(cluster.folder, "nix"));
    rmSync(join(cluster.folder, "known_hosts"));
    cluster.testbed.forgetEvents();
    const first = await cluster.testbed.interrupted(words, cluster.folder, interruption);
    expect(first.acted).toBe(true);
    const again = await cluster.rollout(...words);
    // What was finished before it was noticed: the connection was lost between two programs, or after the last one.
    const isDone = first.status === 0 || interruption.when.step === "end the recovery";
    if (isDone && again.status !== 0) expect(again.output).toContain("alphard has data of K3s");
    else expect([again.status, again.output]).toEqual([0, expect.stringContaining("objects were read back")]);
    expect(cluster.testbed.configMaps()).toEqual(["kept.json"]);
    const events = cluster.testbed.events();
    expect(events.findIndex((event) => event.startsWith("hamal joined"))).toBeGreaterThan(
      events.findLastIndex((event) => event === "alphard restored"),
    );
    expect((await cluster.rollout("verify")).status).toBe(0);
  });
});
