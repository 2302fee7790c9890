/** The lock of a rollout in a real Kubernetes. */
import { Kubernetes } from "../../../src/rollout/kubernetes";
import { LeaseLock } from "../../../src/rollout/lease";
import { Lock, type Claimant } from "../../../src/rollout/lock";
import { FIVE_NODES } from "../../fixture";
import { describeWith } from "../tools";
import { Bed, KUBERNETES } from "./bed";

describeWith(KUBERNETES, "a lock in a real Kubernetes", () => {
  let bed: Bed;

  beforeAll(async () => (bed = await Bed.start(FIVE_NODES)));
  afterAll(() => bed?.stop());
  afterEach(() => bed.plane.kubectl(["delete", "lease", "k3s-rollout", "-n", "kube-system"]));

  /** As an operator who reaches only that server. */
  const from = (server: string): LeaseLock => new LeaseLock(new Kubernetes([bed.host(server)]));

  const claimant = (name: string): Claimant => ({ id: `desk:7:${name}:elsewhere`, owner: `${name}@desk` });
  const [ada, bob] = [claimant("ada"), claimant("bob")];

  const specOf = async (): Promise<Record<string, unknown>> => {
    const words = ["get", "lease", "k3s-rollout", "-n", "kube-system", "-o", "json"];
    return JSON.parse((await bed.plane.kubectl(words)).stdout).spec;
  };

  /** As if so many seconds had passed since its last renewal. */
  const age = async (seconds: number): Promise<void> => {
    const { renewTime } = await specOf();
    const before = new Date(Date.parse(String(renewTime)) - seconds * 1000);
    const spec = { renewTime: before.toISOString().replace("Z", "000Z") };
    const words = ["patch", "lease", "k3s-rollout", "-n", "kube-system", "--type=merge", "-p"];
    const { status, stderr } = await bed.plane.kubectl([...words, JSON.stringify({ spec })]);
    expect([status, stderr]).toEqual([0, ""]);
  };

  test("is held by one of two operators who acquire it at the same time, at two servers", async () => {
    for (let round = 0; round < 5; round++) {
      const tries = await Promise.allSettled(
        ["alphard", "alnair"].map((server) => Lock.take([from(server)], bed.log)),
      );
      const locks = tries.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      const refusals = tries.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
      expect([locks.length, refusals]).toEqual([1, [expect.objectContaining({ code: "locked" })]]);
      for (const lock of locks) await lock.release();
    }
  });

  test("names its holder to the second", async () => {
    await from("alphard").take(ada);
    await expect(from("acrux").take(bob)).rejects.toThrow(
      /^Another rollout is running: ada@desk, for \d s, renewed \d s ago \(lock on the Kubernetes API\)/,
    );
  });

  test("expires when its holder has not renewed it for a minute, and a late renewal is refused", async () => {
    await from("alphard").take(ada);
    await age(45);
    await expect(from("alnair").take(bob)).rejects.toMatchObject({ code: "locked" });
    await age(15);
    await from("alnair").take(bob);
    await expect(from("alphard").renew(ada)).rejects.toThrow("Another rollout is running: bob@desk");
    expect(await specOf()).toMatchObject({ holderIdentity: bob.id, leaseDurationSeconds: 60 });
  });

  test("is kept by a renewal", async () => {
    await from("alphard").take(ada);
    const { acquireTime } = await specOf();
    await age(50);
    await from("acrux").renew(ada);
    await age(50);
    await expect(from("alnair").take(bob)).rejects.toMatchObject({ code: "locked" });
    expect((await specOf()).acquireTime).toBe(acquireTime);
  });

  test("is free at once after a release, and a late renewal does not acquire it again", async () => {
    const lock = from("alphard");
    await lock.take(ada);
    await lock.release(ada);
    await expect(lock.renew(ada)).rejects.toMatchObject({ code: "locked" });
    expect(await specOf()).toMatchObject({ holderIdentity: "" });
    await from("alnair").take(bob);
    await lock.release(ada);
    expect(await specOf()).toMatchObject({ holderIdentity: bob.id });
  });
});
