import { hasEnded, Lock, type LockStore } from "../../src/rollout/lock";
import { Log } from "../../src/rollout/log";
import { isDead, newRolloutId } from "../../src/rollout/rollout-id";
import { Redactor } from "../../src/rollout/secrets";
import { ALPHARD, HAMAL, temporaryFolder } from "../fixture";
import { described, hosts, hostState } from "./plan-context";
import type { Facts } from "../../src/rollout/facts";
import type { Host } from "../../src/rollout/host";

const ELSEWHERE = "desk:7:5ca1ab1e";

describe("a rollout on another machine", () => {
  const [alphard, hamal] = hosts(described([ALPHARD, HAMAL])) as [Host, Host];
  const seen = (facts: Partial<Facts>, unreachable: readonly Host[] = []): boolean =>
    hasEnded(ELSEWHERE, {
      hosts: [hostState(alphard, facts), hostState(hamal)],
      unreachable: unreachable.map((host) => ({ host, error: undefined })),
    });

  test.each<[string, Partial<Facts>, boolean]>([
    ["has given its lock back", {}, true],
    ["was not heard of for a minute", { lock: { holder: ELSEWHERE, heardSeconds: 60 } }, true],
    ["was heard of", { lock: { holder: ELSEWHERE, heardSeconds: 59 } }, false],
    ["lost its lock to another", { lock: { holder: "other:8:beef", heardSeconds: 1 } }, true],
    ["may have had its lock on a server that just booted", { upSeconds: 59 }, false],
  ])("%s", (_, facts, over) => expect(seen(facts)).toBe(over));

  test("may have its lock on a server that does not answer", () => {
    expect(seen({}, [hamal])).toBe(false);
  });
});

test("a rollout on this machine has ended when its process has, whatever its lock says", () => {
  const lock = (rollout: string): Parameters<typeof hasEnded>[1] => {
    const [alphard] = hosts(described([ALPHARD])) as [Host];
    return { hosts: [hostState(alphard, { lock: { holder: rollout, heardSeconds: 0 } })], unreachable: [] };
  };
  const alive = newRolloutId();
  const dead = withProcess(alive, NO_PROCESS);
  expect([hasEnded(dead, lock(dead)), hasEnded(alive, lock(alive))]).toEqual([true, false]);
});

/** Above the highest process ID of Linux. */
const NO_PROCESS = 4194399;

const withProcess = (rollout: string, pid: number): string => rollout.replace(/:\d+:/, `:${pid}:`);

test.each([
  ["in a container of the same hostname, or before a reboot", newRolloutId().replace(/:\w+$/, ":5ca1ab1e")],
  ["where nobody can tell processes apart", newRolloutId().replace(/:\w+$/, ":")],
])("the process of a rollout is unknown %s", (_, rollout) => {
  expect(isDead(withProcess(rollout, NO_PROCESS))).toBe(false);
});

describe("a lock", () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const log = (): Log => new Log(temporaryFolder(), new Redactor(), () => undefined);

  const store = (name: string, acts: string[], more: Partial<LockStore> = {}): LockStore => ({
    name,
    take: async () => void acts.push(`${name} taken`),
    renew: async () => void acts.push(`${name} renewed`),
    release: async () => void acts.push(`${name} released`),
    ...more,
  });

  test("is released once a running renewal has finished", async () => {
    const acts: string[] = [];
    let arrive = (): void => undefined;
    const renew = async (): Promise<void> => {
      await new Promise<void>((resolve) => (arrive = resolve));
      acts.push("renewed late");
    };
    const lock = await Lock.take([store("api", acts, { renew })], log());
    jest.advanceTimersByTime(20_000);
    const released = lock.release();
    arrive();
    await released;
    jest.advanceTimersByTime(60_000);
    expect(acts).toEqual(["api taken", "renewed late", "api released"]);
  });

  test("that somebody else holds in one store is released in the others", async () => {
    const acts: string[] = [];
    const take = (): Promise<void> => Promise.reject(new Error("held"));
    const stores = [store("api", acts), store("alphard", acts, { take }), store("alnair", acts)];
    await expect(Lock.take(stores, log())).rejects.toThrow("held");
    expect(acts).toEqual(["api taken", "api released", "alphard released", "alnair released"]);
  });
});
