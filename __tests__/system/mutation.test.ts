import { join } from "node:path";
import type { Role } from "../../cluster/settings";
import { emit, FIVE_NODES, REPOSITORY, temporaryFolder } from "../fixture";
import { FIVE_NODES_FLOWS, REFERENCE_FLOWS } from "./flows";
import { Lab, PATIENT, type Check, type Patience } from "./lab/lab";
import { mutantsOf } from "./lab/mutants";
import { describeWith, LAB } from "./tools";

/** Rulesets of the hosts of a role, each with the same thing less, by what that is. */
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

/** As short as this machine allows: what is late must not pass for what is refused. */
async function shortestPatience(lab: Lab, flows: readonly Check[]): Promise<Patience> {
  for (let wait = 500; wait < PATIENT.open; wait *= 2) {
    const patience = { open: wait, closed: wait };
    const unexpected = [await lab.unexpected(flows, patience), await lab.unexpected(flows, patience)];
    if (unexpected.flat().length === 0) return patience;
  }
  return PATIENT;
}

/** What can be taken from the rulesets of a role without any check failing. */
async function survivors(lab: Lab, role: Role, flows: readonly Check[]): Promise<string[]> {
  const patience = await shortestPatience(lab, flows);
  const survived: string[] = [];
  for (const [without, rulesets] of mutantsOfRole(lab, role)) {
    await lab.load(rulesets);
    const caught = await lab.unexpected(flows, patience);
    if (process.env.LAB_VERBOSE) console.error(`${without}\n    ${caught.join("\n    ")}`);
    if (caught.length === 0) survived.push(without);
  }
  await lab.load();
  return survived;
}

/** Nothing in a ruleset can be left out. */
function claims(folderOf: () => string, flows: readonly Check[]): void {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start(folderOf());
    await lab.load();
  });
  afterAll(() => lab?.stop());

  test.each<Role>(["server", "agent"])("on a %s each rule, set and element is missed", async (role) => {
    expect(await survivors(lab, role, flows)).toEqual([]);
    expect(await lab.unexpected(flows, PATIENT)).toEqual([]);
  });
}

describeWith([...LAB], "without one of its parts the firewall is not right:", () => {
  describe("the reference cluster, as committed", () => {
    claims(() => join(REPOSITORY, "nix"), REFERENCE_FLOWS);
  });
});
