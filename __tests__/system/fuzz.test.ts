/** Anything that an owner may write: it is a fault, or gives files that parse and contain what was meant. `FUZZ=50000` for more. */
import { TerraformStack, Testing } from "cdktf";
import fc from "fast-check";
import { renderNodeRegion, renderReadme } from "../../src/render/readme";
import { renderClusterJson } from "../../src/render/cluster-json";
import { addCluster, ALPHARD, testApp, type Json } from "../fixture";
import { inputs } from "../fuzz/settings";
import { fenced } from "../markdown";
import { judged, rendered } from "../render/libraries";
import { emitted, inFolderWith } from "./clusters";
import { parseErrors } from "./evaluation";
import { nftRuns } from "./namespace";
import { describeWith, NETWORK_NAMESPACES, NFT, NIX } from "./tools";

/** Inputs that are judged together. More would exceed what the programs take at once. */
const TOGETHER = 1_000;
const RUNS = Number(process.env.FUZZ ?? TOGETHER);
const FIRST_SEED = Number(process.env.FUZZ_SEED ?? 1);

/** The number of inputs of each kind. */
const SEEDS = Array.from({ length: Math.ceil(RUNS / TOGETHER) }, (_, index) => ({
  seed: FIRST_SEED + index,
  runs: Math.min(TOGETHER, RUNS - index * TOGETHER),
}));

/** The value that OpenTofu reads from a string in JSON. Only escapes matter, since the inputs have no references. */
function evaluated(text: string): string {
  expect(text.replace(/\$\$\{|%%\{/g, "escaped")).not.toMatch(/[$%]\{/);
  return text.replace(/([$%])\1\{/g, "$1{");
}

interface Output {
  readonly description: unknown;
  readonly files: ReadonlyMap<string, string>;
  readonly documents: readonly string[];
}

/** What an input becomes, or `undefined` where it has faults. */
function output({ cluster: settings, agent }: { cluster: Json; agent: Json }): Output | undefined {
  const construct = addCluster(
    testApp(),
    [ALPHARD, { id: "k3s-agent-1", role: "agent", ...agent }],
    settings,
  );
  if (construct.node.validate().length > 0) return undefined;
  const json = JSON.parse(Testing.synth(TerraformStack.of(construct)));
  const vm = json.resource.proxmox_virtual_environment_vm.k3s_agent_1;
  expect(evaluated(vm.description ?? "")).toBe(agent.description ?? "");
  const { cluster } = construct.resolve();
  const files = emitted(cluster);
  const readme = renderReadme(cluster, ["nix"]);
  const description = JSON.parse(renderClusterJson(cluster, new Set(), new Map(), [], "k3s"));
  expect(description.nodes[1].vm.description).toBe(agent.description);
  return { description: agent.description, files, documents: [readme, renderNodeRegion(cluster)] };
}

describeWith([NIX, NFT, NETWORK_NAMESPACES], "settings of any kind", () => {
  test.each(SEEDS)(
    "are faults, or files that hold what was meant: $runs of them, of seed $seed",
    async ({ runs, seed }) => {
      const outputs = fc.sample(inputs, { numRuns: runs, seed }).flatMap((input) => output(input) ?? []);
      expect(outputs.length).toBeGreaterThan(runs / 10);
      expect(outputs.length).toBeLessThan(runs);

      const texts = new Map(
        outputs.flatMap(({ files }, index) =>
          [...files].map(([path, text]): [string, string] => [`${index}/${path}`, text]),
        ),
      );
      for (const [path, text] of texts) expect([path, text.includes("undefined")]).toEqual([path, false]);
      const distinct = (ending: string): Map<string, string> =>
        new Map(
          [...new Set([...texts].filter(([path]) => path.endsWith(ending)).map(([, text]) => text))].map(
            (text, n) => [`${n}${ending}`, text],
          ),
        );

      await inFolderWith(new Map([...distinct(".nix"), ...distinct(".nft")]), async (folder) => {
        const nix = [...distinct(".nix").keys()].map((name) => `${folder}/${name}`);
        expect(await parseErrors(nix)).toBe("");
        const rulesets = [...distinct(".nft").keys()].map((name) => ["-c", "-f", `${folder}/${name}`]);
        const outcomes = await nftRuns(rulesets);
        expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
      });

      const documents = [...new Set(outputs.flatMap((each) => each.documents))];
      const raw = rendered(documents).flatMap(({ elements }) =>
        elements.filter((name) => !EXPECTED.has(name)),
      );
      expect(raw).toEqual([]);
      const diagrams = [...new Set(documents.flatMap((document) => fenced(document, "mermaid")))];
      expect(new Set(judged("mermaid", diagrams))).toEqual(new Set(["flowchart-v2"]));
    },
    TOGETHER * 240 + 60_000,
  );
});

/** Elements of our own documents; `br` separates the lines of a cell. */
const EXPECTED = new Set("h1 h2 h3 p a code pre table thead tbody tr th td br em strong ol ul li".split(" "));
