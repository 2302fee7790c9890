/** `simulate` as an owner runs it, on what a synth wrote. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { displayWidth } from "../../src/base/wrap";
import { ExitCode } from "../../src/cli/exit-code";
import { simulationDocument, subjectIn } from "../../src/cli/simulate";
import { reportOf } from "../../src/cli/simulation-report";
import { toTerminal } from "../../src/preview/terminal";
import { simulate } from "../../src/simulation/simulation";
import { CLI, emit, temporaryFolder } from "../fixture";
import { asPrinted, schemaFaults } from "../json-schema";
import { agentOn, pveNodes, serversOn, settingsOf, subjectOf } from "../simulation/clusters";

const NODES = [...serversOn(1, 2, 3), agentOn(1, "hamal", 150)];

/** A project after a synth. */
function project(nodes = NODES, settings = {}): string {
  const folder = temporaryFolder();
  emit(folder, nodes, settingsOf(settings));
  return folder;
}

function run(folder: string, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(CLI, ["simulate", ...words], {
    cwd: folder,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("a failure that costs the quorum fails --fail-on, unless it is allowed by its name", () => {
  const folder = project([...serversOn(1, 1, 2)]);
  const { status, stdout, stderr } = run(folder, "--fail-on", "quorum");
  expect(status).toBe(ExitCode.Refused);
  expect(stdout).toContain("| PVE node pve1");
  expect(stderr).toContain("PVE node pve1 costs the quorum\n");
  expect(stderr).not.toContain("pve2");
  const allowed = ["PVE node pve1", "bridge vmbr0 of pve1", "datastore ceph of pve1"];
  const words = allowed.flatMap((name) => ["--allow", name]);
  expect(run(folder, "--fail-on", "quorum", ...words).status).toBe(ExitCode.Done);
});

test("the document matches its schema", () => {
  const small = { pve1: { memoryMib: 18_432 }, pve2: {}, pve3: {}, pve4: { memoryMib: 20_480 } };
  const nodes = Object.fromEntries(
    Object.entries(pveNodes(4)).map(([name, node]) => [
      name,
      { ...node, ...small[name as keyof typeof small] },
    ]),
  );
  const subject = subjectOf(NODES, {
    pve: { nodes, ha: "servers" },
    apiEndpoint: undefined,
    apiVip: { address: "172.22.0.30" },
  });
  const document = asPrinted(simulationDocument(simulate(subject), []));
  expect(schemaFaults("simulate", document)).toEqual([]);
  expect(schemaFaults("simulate#simulation", document)).toEqual([]);
  expect(JSON.stringify(document)).toContain('"of":"memory"');
});

test("a failure to simulate is a document too", () => {
  const { status, stdout } = run(temporaryFolder(), "--json");
  expect([status, schemaFaults("simulate#failure", JSON.parse(stdout))]).toEqual([ExitCode.Failed, []]);
  expect(stdout).toContain("nix/cluster.json is missing: run npm run synth first");
});

test.each([
  [
    ["--fail-on", "quorm"],
    ExitCode.Usage,
    "--fail-on takes some of quorum, api, services, fencing, capacity",
  ],
  [["--allow", "pve1"], ExitCode.Usage, "No such failure: pve1. There are PVE node pve1, PVE node pve2"],
  [["--fail-on", "capacity"], ExitCode.Failed, "state in main.ts what the PVE nodes have: pve.nodes"],
])("%j is refused, and says what to do", (words, code, expected) => {
  const { status, stdout, stderr } = run(project(), ...words);
  expect([status, stdout, stderr]).toEqual([code, "", expect.stringContaining(expected)]);
});

test("what a synth wrote is what is simulated", () => {
  const folder = project();
  expect(subjectIn("nix", folder).nodes.map(({ hostname }) => hostname)).toEqual([
    "alphard",
    "acrux",
    "alnair",
    "hamal",
  ]);
  writeFileSync(join(folder, "nix", "cluster.json"), "<<<<<<<");
  expect(() => subjectIn("nix", folder)).toThrow("nix/cluster.json is damaged");
});

describe("on a terminal", () => {
  const shown = (columns: number, allPairs = false): string => {
    const subject = subjectOf(NODES);
    return toTerminal(reportOf(subject, simulate(subject), allPairs), { columns, paint: (_, text) => text });
  };

  test("a table has every failure, and a sentence says what each does", () => {
    const text = shown(200);
    expect(text).toMatch(/^server acrux +1 stop +2 of 3 +-$/m);
    expect(text).toContain(
      "PVE node pve1: alphard and hamal stop. etcd keeps its majority: 2 of 3 members are left, of 2 that it needs.",
    );
  });

  test("pairs are shown that cost more than each failure alone, and with --pairs all", () => {
    const costly = /^server alphard +server acrux, server alnair +quorum$/m;
    expect(shown(200)).toMatch(costly);
    expect(shown(200)).not.toMatch(/^server alnair +agent hamal/m);
    expect(shown(200, true)).toMatch(/^server alnair +agent hamal +-$/m);
  });

  test("it fits 80 columns", () => {
    expect(Math.max(...shown(80, true).split("\n").map(displayWidth))).toBeLessThanOrEqual(80);
  });

  test("of many agents whose failure costs nothing else one line stands for all", () => {
    const agents = Array.from({ length: 40 }, (_, index) =>
      agentOn(1 + (index % 3), `star-${index}`, 160 + index),
    );
    const subject = subjectOf([...NODES, ...agents]);
    const text = toTerminal(reportOf(subject, simulate(subject), false), {
      columns: 80,
      paint: (_, each) => each,
    });
    expect(text).toContain("any of 41 other agents");
    expect(text).not.toContain("star-7");
  });

  test("one PVE node is named as what all stands on", () => {
    const subject = subjectOf(serversOn(1, 1, 1));
    const text = toTerminal(reportOf(subject, simulate(subject), false), {
      columns: 200,
      paint: (_, each) => each,
    });
    expect(text).toContain("All VMs are on pve1, which is the single point of failure");
  });
});
