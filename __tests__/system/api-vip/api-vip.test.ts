import { cluster } from "../clusters";
import { CURL, describeWith, KEEPALIVED, LAB, NIX, OPENSSL, ROOT } from "../tools";
import { VipBed, type Look } from "./bed";

/** A server whose API is dead gives the address up, and another takes over, within so many milliseconds. */
const SOON = 3000;

/** What a holder logs that hears of a more important one. */
const YIELDS = "higher priority";

const MODEL = cluster({ servers: 3, agents: 1, apiVip: { address: "172.22.0.30" } });

describeWith(
  [...LAB, KEEPALIVED, CURL, OPENSSL, NIX, ROOT],
  "the API's address, with keepalived itself",
  () => {
    let bed: VipBed;
    beforeAll(async () => {
      bed = await VipBed.start(MODEL);
    }, 60_000);
    afterAll(() => bed?.stop());

    const one = (holders: readonly string[]): boolean => holders.length === 1;
    const holder = async (): Promise<string> => (await bed.watch(one)).at(-1)?.holders[0] as string;
    const othersThan = (name: string) => (holders: readonly string[]) => one(holders) && holders[0] !== name;

    const timeOf = (looks: readonly Look[], seen: (holders: readonly string[]) => boolean): number =>
      looks.find(({ holders }) => seen(holders))?.at ?? Infinity;

    /** Never two holders; the former one has given the address up, and another has it. @returns whether in time */
    function isInTime(looks: readonly Look[], former: string): boolean {
      expect(looks.filter(({ holders }) => holders.length > 1)).toEqual([]);
      const given = timeOf(looks, (holders) => !holders.includes(former));
      return Math.max(given, timeOf(looks, othersThan(former))) < SOON;
    }

    /** Several handovers, since any program may be late on a busy machine: one has to be in time. */
    async function expectInTime(handOver: () => Promise<boolean>): Promise<void> {
      for (let times = 1; times < 4; times++) if (await handOver()) return;
      expect(await handOver()).toBe(true);
    }

    test("one server takes it when the servers start", async () => {
      const looks = await bed.watch(one);
      expect(looks.filter(({ holders }) => holders.length > 1)).toEqual([]);
    });

    test("another takes over within 3 seconds when the holder's API is killed, and keeps it", async () => {
      await expectInTime(async () => {
        const former = await holder();
        await bed.killApi(former);
        const looks = await bed.watch(othersThan(former));
        await bed.startApi(former);
        await bed.until(former, "VRRP_Script(api) succeeded");
        expect(await bed.holders()).not.toContain(former);
        return isInTime(looks, former);
      });
    });

    test.each(["hangs", "not ready"] as const)("and when the holder's API is %s", async (state) => {
      await expectInTime(async () => {
        const former = await holder();
        await bed.setApi(former, state);
        const looks = await bed.watch(othersThan(former));
        await bed.setApi(former, "ready");
        await bed.until(former, "VRRP_Script(api) succeeded");
        return isInTime(looks, former);
      });
    });

    test("and at once when keepalived stops with K3s", async () => {
      await expectInTime(async () => {
        const former = await holder();
        for (const name of bed.servers) await bed.mark(name);
        await bed.stopKeepalived(former);
        const looks = await bed.watch(othersThan(former));
        // It says good-bye, so that nobody waits for its advertisements.
        expect(await bed.news(await holder())).toContain("received priority 0");
        await bed.until(former, "Stopped Keepalived");
        await bed.startKeepalived(former);
        await bed.until(former, "Entering BACKUP STATE");
        return isInTime(looks, former);
      });
    });

    test("and when the holder's host is gone without a word", async () => {
      await expectInTime(async () => {
        const former = await holder();
        await bed.killHost(former);
        const looks = await bed.watch(othersThan(former));
        await bed.heal(former);
        await bed.startApi(former);
        await bed.startKeepalived(former);
        await bed.until(former, "Entering BACKUP STATE");
        return isInTime(looks, former);
      });
    });

    test("a holder that is cut off loses it to one of the majority, and gives it up when its API has no quorum", async () => {
      const former = await holder();
      await bed.cut(former);
      const onTheOtherSide = (holders: readonly string[]): string[] =>
        holders.filter((name) => name !== former);
      const looks = await bed.watch((holders) => onTheOtherSide(holders).length > 0);
      // etcd without its majority; the stand-in says when the API notices.
      await bed.setApi(former, "not ready");
      const given = await bed.watch((holders) => !holders.includes(former));
      expect([...looks, ...given].filter(({ holders }) => onTheOtherSide(holders).length > 1)).toEqual([]);
      const now = await holder();
      await bed.heal(former);
      await bed.setApi(former, "ready");
      await bed.until(former, "VRRP_Script(api) succeeded");
      expect(await bed.holders()).toEqual([now]);
    });

    test("the check runs without root's rights", async () => {
      await bed.hideKey();
      await bed.watch((holders) => holders.length === 0);
      await bed.showKey();
      await bed.watch(one);
    });

    /** As another server that is more important: the holder would yield, and nobody would have the address. */
    async function forgeAgainst(victim: string): Promise<void> {
      const as = bed.servers.find((name) => name !== victim) as string;
      for (let times = 0; times < 8; times++) await bed.forge("agent-1", as, victim, 254);
    }

    test("an agent that forges VRRP takes it from nobody, as it would without the firewall", async () => {
      const name = await holder();
      await bed.mark(name);
      await forgeAgainst(name);
      expect(await bed.news(name)).not.toContain(YIELDS);
      const victim = await holder();
      await bed.unload(victim);
      await bed.mark(victim);
      await forgeAgainst(victim);
      await bed.until(victim, YIELDS);
      await bed.load(victim);
      await bed.watch(one);
    });

    test("without the rule for VRRP several hold it", async () => {
      for (const name of bed.servers)
        await bed.load(name, bed.ruleset(name).replace(/^.*@servers4 meta l4proto 112 accept.*\n/m, ""));
      await bed.watch((holders) => holders.length > 1);
      for (const name of bed.servers) await bed.load(name);
      await bed.watch(one);
    });
  },
);
