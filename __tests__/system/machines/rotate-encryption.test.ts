/** `rotate encryption-keys` on machines with real SSH servers; `k3s secrets-encrypt` is a stand-in with K3s' output. */
import { FIVE_NODES, REFERENCE } from "../../fixture";
import { describeWith } from "../tools";
import type { LiveCluster } from "./cluster";
import { areAllReady, expectOneByOne, restarted, SERVERS, startCluster } from "./rotation";
import { MACHINES } from "./tools";

const ROTATE = ["rotate", "encryption-keys", "--yes"];

describeWith(MACHINES, "a rotation of the encryption keys", () => {
  let cluster: LiveCluster;

  beforeAll(async () => {
    const k3s = { ...REFERENCE.k3s, serverFlags: ["--secrets-encryption"] };
    cluster = await startCluster({ settings: { k3s } });
  });
  afterAll(() => cluster?.stop());

  const key = async (): Promise<string> =>
    cluster.testbed.on("alphard", "cat /cluster/encryption-key || true");

  test("gives all servers a new key, one by one, and leaves the agents", async () => {
    cluster.testbed.forgetEvents();
    const { output } = (await cluster.rollout(...ROTATE)).mustSucceed();
    expect(output).toContain("all servers use the key aescbckey-1, and no other");
    expectOneByOne(cluster);
    expect([...restarted(cluster)].sort()).toEqual([...SERVERS].sort());
  });

  test.each([
    ["killed after", "encrypt Secrets with a new key", "alphard", "done", { signal: "SIGKILL" as const }],
    ["disconnected in", "encrypt Secrets with a new key", "alphard", "started", { drop: "alphard" }],
    ["killed after", "wait until it is Ready", "acrux", "done", { signal: "SIGKILL" as const }],
  ] as const)(
    "%s: %s on %s: the next run finishes it with the same key",
    async (_, step, host, outcome, action) => {
      const before = Number(await key());
      const { acted } = await cluster.testbed.interrupted(ROTATE, cluster.folder, {
        when: { host, step, outcome },
        after: outcome === "started" ? 0.3 : 0,
        ...action,
      });
      expect(acted).toBe(true);
      await cluster.testbed.until("K3s runs everywhere", () => areAllReady(cluster));
      const { output } = (await cluster.rollout(...ROTATE)).mustSucceed();
      expect(Number(await key())).toBe(before + 1);
      expect(output).toContain(`all servers use the key aescbckey-${before + 1}, and no other`);
    },
  );

  test("fails where K3s does, and begins only while K3s runs on every server", async () => {
    const before = await key();
    cluster.testbed.setFault("alphard", "rotate-keys-fails");
    const failed = await cluster.rollout(...ROTATE);
    cluster.testbed.clearFault("alphard", "rotate-keys-fails");
    expect(failed.output).toContain("k3s secrets-encrypt rotate-keys: ");
    await cluster.testbed.powerOff("alnair");
    const { status, output } = await cluster.rollout(...ROTATE);
    expect([status, output]).toEqual([
      4,
      expect.stringContaining("K3s has to run on every server: alnair is away"),
    ]);
    await cluster.testbed.powerOn("alnair");
    expect(await key()).toBe(before);
  });

  test("is refused in a cluster without encryption", async () => {
    cluster.emit(FIVE_NODES, { k3s: REFERENCE.k3s });
    const { status, output } = await cluster.rollout(...ROTATE);
    expect([status, output]).toEqual([
      4,
      expect.stringContaining("'--secrets-encryption' is not in 'k3s.serverFlags'"),
    ]);
  });
});
