/** Mistakes that an owner may make in `main.ts`, and everything that a synth prints about each. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HostFiles } from "../../constructs";
import { explain } from "../../src/cli/faults";
import {
  addCluster,
  ALPHARD,
  emit,
  HAMAL,
  inside,
  MIZAR,
  REFERENCE,
  temporaryFolder,
  testApp,
  textsBelow,
  type TestNode,
} from "../fixture";
import {
  ALL_MISTAKES,
  CASCADES,
  IN_WORDS,
  NO_SETTINGS,
  OF_A_NODE,
  OF_DHCP,
  OF_LOAD_BALANCERS,
  OF_MANIFESTS,
  OF_PROTOCOLS,
  OF_THE_API_ADDRESS,
  OF_THE_CLUSTER,
  ONCE_SILENT,
  SHARED,
  type Mistake,
} from "./mistakes";
import { OPERATOR_KEY } from "./operator-key";
import { OF_PVE } from "./pve-mistakes";

let lastSynth: string;

beforeAll(() => {
  const folder = temporaryFolder();
  emit(folder, [ALPHARD, HAMAL, MIZAR]);
  lastSynth = textsBelow(folder)["nix/cluster.json"] as string;
});

/** The output of a synth in a project that was synthesized before the mistake was made. */
function told([, { settings = {}, mizar = {}, nodes }]: Mistake): string[] {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "nix"));
  writeFileSync(join(folder, "nix", "cluster.json"), lastSynth);
  writeFileSync(join(folder, "authorized_keys"), OPERATOR_KEY);
  const app = testApp();
  const stated = { ...REFERENCE, authorizedKeysFile: "authorized_keys", ...settings };
  const all = (nodes ?? [ALPHARD, HAMAL, { ...MIZAR, ...mizar }]) as TestNode[];
  return inside(folder, () => {
    try {
      new HostFiles(addCluster(app, all, stated), "nix");
      app.synth();
    } catch (error) {
      const [head, ...lines] = explain(error).split(/\n {2}(?=\[)/);
      return lines.length === 0 ? [String(head)] : lines.map((line) => line.replace(/^\[[^\]]*\] /, ""));
    }
    const said = app.node.findAll().flatMap(({ node }) => node.metadata);
    return said.filter(({ type }) => type.endsWith("warn")).map(({ data }) => `Warning: ${String(data)}`);
  });
}

test("a cluster without a mistake synthesizes without a message", () => {
  expect(told(["none", {}])).toEqual([]);
});

const areTold = (mistakes: readonly Mistake[]): void =>
  test.each(mistakes.map((mistake) => ({ what: mistake[0], mistake })))("$what", ({ mistake }) => {
    expect(told(mistake)).toEqual(mistake.slice(2));
  });

// Each with a title of its own, by which promises name it.
describe("what follows from another fault is not reported", () => areTold(CASCADES));
describe("what used to pass silently is reported", () => areTold(ONCE_SILENT));
describe("a message has the value, the unit, and what to write", () => areTold(IN_WORDS));
describe("what two nodes may not share", () => areTold(SHARED));
describe("a node's settings", () => areTold(OF_A_NODE));
describe("the cluster's settings", () => areTold(OF_THE_CLUSTER));
describe("the API's own address", () => areTold(OF_THE_API_ADDRESS));
describe("a load balancer", () => areTold(OF_LOAD_BALANCERS));
describe("what a DHCP server gives away", () => areTold(OF_DHCP));
describe("manifests", () => areTold(OF_MANIFESTS));
describe("a protocol of an allowed flow", () => areTold(OF_PROTOCOLS));
describe("PVE nodes", () => areTold(OF_PVE));
describe("an unknown setting, or one of the wrong kind", () => areTold(NO_SETTINGS));

/** Each of them is told in these lines: see above. */
test("no mistake is told twice, without its place, by a trace, or in the words of a program", () => {
  const spoilt = [...ALL_MISTAKES, ...OF_PVE].filter(([, , ...lines]) => {
    const bad = lines.filter(
      (line) =>
        /\n\s+at |undefined|\[object |\bNaN\b(?!, which is not a number)/.test(line) ||
        !/'[^']+'|VM \d+/.test(line),
    );
    return lines.length === 0 || bad.length > 0 || new Set(lines).size < lines.length;
  });
  expect(spoilt).toEqual([]);
});
