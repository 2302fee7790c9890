import type { Role } from "../../src/config/settings";
import { LAB_CLUSTERS, ROLES, startLab, type LabCluster } from "./lab/clusters";
import { PATIENT, type Check, type Lab } from "./lab/lab";
import { counterOf, matchesOf, ruleOf, slices, type Matches } from "./lab/matches";
import { mutantsOf } from "./lab/mutants";
import { describeWith, LAB } from "./tools";

/** A mutation: what was removed from all hosts of a role that had it. */
interface Lack {
  /** The role, and what was removed. */
  readonly what: string;
  /** Of those hosts. */
  readonly rules: readonly string[];
  /** Of all hosts of the role, by hostname. */
  readonly rulesets: ReadonlyMap<string, string>;
}

function lacksOf(lab: Lab, role: Role): Lack[] {
  const hosts = lab.topology.nodes.filter(({ node }) => node.role === role);
  const whole = new Map(hosts.map(({ name }) => [name, lab.rulesets.get(name) as string]));
  const lacks = new Map<string, Lack>();
  for (const [host, text] of whole)
    for (const { without, rules, ruleset } of mutantsOf(text)) {
      const what = `${role}: ${without}`;
      const before = lacks.get(what);
      lacks.set(what, {
        what,
        rules: [...(before?.rules ?? []), ...rules.map((rule) => ruleOf(host, rule))],
        rulesets: new Map([...(before?.rulesets ?? whole), [host, ruleset]]),
      });
    }
  return [...lacks.values()];
}

const FEW = 2;
const AT_ONCE = 24;

/**
 * Descriptions of what fails now. First the checks whose packets match what is missing run; then all checks, since
 * packets that a rule excepted match it without its exception; at last all checks with time for a busy machine. A rule
 * that only counts is noticed by its counter: checks whose packets match the rule leave it idle.
 */
async function failures(
  lab: Lab,
  { rules }: Lack,
  flows: readonly Check[],
  { patience, noticing }: Matches,
  seen: readonly string[],
): Promise<string[]> {
  const counters = rules.flatMap((rule) => counterOf(rule) ?? []);
  const matching = slices(noticing(rules), AT_ONCE);
  for (const some of [...matching, ...slices(flows, AT_ONCE)]) {
    const suspected = (await lab.failed(some, patience)).slice(0, FEW).map(({ check }) => check);
    // One late packet may be due to a busy machine.
    const confirmed = await lab.unexpected(suspected, { ...patience, open: 2 * patience.open });
    if (confirmed.length > 0) return confirmed;
    const idle = counters.length > 0 && matching.includes(some) ? await lab.idleCounters(seen) : [];
    if (idle.some((each) => counters.includes(each))) return idle;
  }
  const idle = await lab.idleCounters(seen);
  return idle.length > 0 ? idle : lab.unexpected(flows, PATIENT);
}

/** A host of each role, whose counters are read. */
const SEEN: Readonly<Record<Role, string>> = { server: "alphard", agent: "hamal" };

/** Set it to see which checks catch each mutation. */
const { LAB_VERBOSE } = process.env;

describeWith(LAB, "no rule, set, or element of a rule can be left out, since checks fail then", () => {
  /** Roles and what they need, which hosts of other clusters need for the same reasons. */
  const needed = new Set<string>();

  describe.each<LabCluster>(LAB_CLUSTERS)("of $name", (cluster) => {
    const { flows, mutatedRoles: roles = ROLES } = cluster;
    const seen = roles.map((role) => SEEN[role]);
    let lab: Lab;
    beforeAll(async () => {
      lab = await startLab(cluster);
    });
    afterAll(() => lab?.stop());

    /** Mutations that no check notices, of those not yet known to be needed. */
    async function survivors(role: Role, matches: Matches): Promise<string[]> {
      const lacks = lacksOf(lab, role).filter(({ what }) => !needed.has(what));
      const survivors: string[] = [];
      await lab.load();
      for (const lack of lacks) {
        needed.add(lack.what);
        await lab.load(lack.rulesets);
        const caught = await failures(lab, lack, flows, matches, seen);
        if (LAB_VERBOSE) console.error(`${lack.what}\n  ${caught.join("\n  ")}`);
        if (caught.length === 0) survivors.push(lack.what);
      }
      return survivors;
    }

    test(`on ${roles.map((role) => `${role}s`).join(" and on ")}`, async () => {
      const matches = await matchesOf(lab, flows);
      const found: string[] = [];
      for (const role of roles) found.push(...(await survivors(role, matches)));

      // What was caught was caught by checks that hold when nothing is missing.
      await lab.load();
      expect(await lab.unexpected(flows, PATIENT)).toEqual([]);
      expect(await lab.idleCounters(seen)).toEqual([]);
      expect(found).toEqual([]);
    }, 600_000);
  });
});
