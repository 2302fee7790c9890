/** The preview of an app with several clusters. */
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TerraformStack } from "cdktf";
import { HostFiles } from "../../constructs";
import { previewsDocument } from "../../src/cli/preview";
import { comparePair, pairClusters } from "../../src/preview/clusters";
import { firstCluster, type Emitted } from "../../src/preview/emitted";
import { toMarkdown } from "../../src/preview/markdown";
import { reportOfClusters } from "../../src/preview/report";
import { toTerminal } from "../../src/preview/terminal";
import {
  addCluster,
  agent,
  ALPHARD,
  ALTAIR,
  FURTHER,
  HAMAL,
  inside,
  temporaryFolder,
  testApp,
  type TestNode,
} from "../fixture";
import { asPrinted, schemaFaults } from "../json-schema";

const VEGA = agent("k3s-agent", "vega", 145);
const BASE = { ref: "HEAD", commit: "0123456789ab" };

/** What an app emits whose clusters have these nodes. @param lab - @default - it has one cluster */
function emitted(
  k3s: readonly TestNode[],
  lab?: readonly TestNode[],
  { name = "lab", before = "" } = {},
): Emitted {
  const tree = temporaryFolder();
  if (before !== "") cpSync(before, tree, { recursive: true });
  if (lab === undefined) rmSync(join(tree, "nix-lab"), { recursive: true, force: true });
  const app = testApp();
  inside(tree, () => {
    new HostFiles(addCluster(app, k3s), "nix");
    if (lab !== undefined)
      new HostFiles(addCluster(new TerraformStack(app, name), lab, FURTHER), "nix", { folder: "nix-lab" });
    app.synth();
  });
  const stacks = readdirSync(join(app.outdir, "stacks")).map((stack) => ({
    name: stack,
    json: JSON.parse(
      readFileSync(join(app.outdir, "stacks", stack, "cdk.tf.json"), "utf8"),
    ) as object as Record<string, unknown>,
  }));
  return { stacks, ...firstCluster(tree), emitsHosts: true, tree };
}

const previewsOf = (before: Emitted, after: Emitted) =>
  pairClusters(before, after).map((pair) => ({
    name: pair.name,
    folder: pair.after?.folder ?? "",
    preview: comparePair(pair),
  }));

const markdown = (before: Emitted, after: Emitted): string =>
  toMarkdown(reportOfClusters(previewsOf(before, after), BASE, []));

test("of a cluster that is added shows it alone, and the first one's documents", () => {
  const before = emitted([ALPHARD, HAMAL]);
  const after = emitted([ALPHARD, HAMAL], [ALTAIR], { before: before.tree });
  const [first, added] = previewsOf(before, after);
  expect(first?.preview).toMatchObject({
    dangers: [],
    nodes: { added: [], removed: [], changed: [] },
    vms: [],
    others: [],
    hosts: [],
    documents: ["nix/README.md"],
  });
  expect(added?.preview).toMatchObject({ dangers: [], vms: [{ action: "made", hostname: "altair" }] });
  const text = markdown(before, after);
  expect(text.match(/^# .*/gm)).toEqual(["# Preview", "# Cluster `k3s`", "# Cluster `lab`"]);
  expect(text).toContain("Compared with `HEAD` at `0123456789ab`.");
  expect(text).toContain("`nix-lab/k3s-server`");
  // As the first one's, they have no stack's name before them.
  expect(text).not.toContain("lab: proxmox");
});

test("says of each cluster what changes, also to a program", () => {
  const before = emitted([ALPHARD], [ALTAIR]);
  const after = emitted([ALPHARD], [ALTAIR, VEGA], { before: before.tree });
  const previews = previewsOf(before, after);
  expect(markdown(before, after)).toMatch(
    /# Cluster `k3s`\n\n\*\*Nothing changes\.\*\*\n\n# Cluster `lab`\n\n\*\*1 node added · VMs \+1 ~0 -0/,
  );
  const document = asPrinted(previewsDocument(previews, BASE, []));
  expect(schemaFaults("preview#previews", document)).toEqual([]);
  expect(document).toMatchObject({
    unchanged: false,
    clusters: [
      { name: "k3s", unchanged: true },
      { name: "lab", unchanged: false },
    ],
  });
  const drawn = toTerminal(reportOfClusters(previews, BASE, []), { columns: 80, paint: (_, text) => text });
  expect(drawn).toContain("\n\nCluster lab\n1 node added");
});

test("knows a cluster by its folder when its stack is renamed", () => {
  const before = emitted([ALPHARD], [ALTAIR]);
  const after = emitted([ALPHARD], [ALTAIR], { name: "practice", before: before.tree });
  const [, renamed] = previewsOf(before, after);
  expect(renamed).toMatchObject({ name: "practice", preview: { dangers: [], vms: [], hosts: [] } });
});

test("warns of a cluster that is no longer in main.ts, whose VMs no plan destroys", () => {
  const before = emitted([ALPHARD], [ALTAIR, VEGA]);
  const after = emitted([ALPHARD], undefined, { before: before.tree });
  const [, removed] = previewsOf(before, after);
  expect(removed).toMatchObject({
    name: "lab",
    preview: {
      dangers: [
        "The cluster `lab` is no longer in `main.ts`: its VMs keep running, and no plan will know them",
      ],
      nodes: { removed: [{ hostname: "altair" }, { hostname: "vega" }] },
      vms: [],
    },
  });
});
