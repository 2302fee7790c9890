import type { Role } from "../../src/config/settings";
import { LAB_CLUSTERS, startLab } from "./lab/clusters";
import { PATIENT, type Check, type Lab, type Patience } from "./lab/lab";
import { mutantsOf } from "./lab/mutants";
import { describeWith, LAB } from "./tools";

/** What a ruleset lacks, to the rulesets of the hosts of that role, by hostname. */
function mutantsOfRole(lab: Lab, role: Role): Map<string, Map<string, string>> {
  const mutants = new Map<string, Map<string, string>>();
  for (const { name, node } of lab.topology.nodes) {
    if (node.role !== role) continue;
    for (const { without, ruleset } of mutantsOf(lab.rulesets.get(name) as string)) {
      mutants.set(without, (mutants.get(without) ?? new Map()).set(name, ruleset));
    }
  }
  return mutants;
}

const failures = async (lab: Lab, flows: readonly Check[], patience: Patience): Promise<string[]> => [
  ...(await lab.unexpected(flows, patience)),
  ...(await lab.idleCounters(["alphard", "hamal"])),
];

/** As short as this machine allows: what is late must not pass for what is refused. */
async function shortestPatience(lab: Lab, flows: readonly Check[]): Promise<Patience> {
  for (let wait = 500; wait < PATIENT.open; wait *= 2) {
    const patience = { open: wait, closed: wait };
    const found = [await failures(lab, flows, patience), await failures(lab, flows, patience)];
    if (found.flat().length === 0) return patience;
  }
  return PATIENT;
}

const FEW = 2;

/** Set to see by which checks each is caught. */
const { LAB_VERBOSE } = process.env;

describeWith(LAB, "no rule, set, or element of a rule can be left out, since checks fail then", () => {
  /** Roles and what they were seen to need, which other clusters' hosts need for the same reasons. */
  const needed = new Set<string>();

  describe.each(LAB_CLUSTERS)("of $name", (cluster) => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await startLab(cluster);
      await lab.load();
    });
    afterAll(() => lab?.stop());

    test.each<Role>(["server", "agent"])(
      "on each %s",
      async (role) => {
        const { flows } = cluster;
        const patience = await shortestPatience(lab, flows);
        const survivors: string[] = [];
        for (const [without, rulesets] of mutantsOfRole(lab, role)) {
          if (needed.has(`${role}: ${without}`)) continue;
          await lab.load(rulesets);
          let caught = await failures(lab, flows, patience);
          // What one check caught may have been the machine's doing.
          if (caught.length <= FEW) caught = await failures(lab, flows, patience);
          if (LAB_VERBOSE) console.error(`${role}: ${without}\n  ${caught.join("\n  ")}`);
          if (caught.length === 0) survivors.push(without);
          else needed.add(`${role}: ${without}`);
        }
        await lab.load();
        expect(survivors).toEqual([]);
        expect(await failures(lab, flows, PATIENT)).toEqual([]);
      },
      280_000,
    );
  });
});
