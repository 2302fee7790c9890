/** `simulate` as an owner runs it, on what a synth wrote. */
import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { displayWidth } from "../../src/base/wrap";
import { ExitCode } from "../../src/cli/exit-code";
import { liveReport } from "../../src/cli/live-report";
import { simulationDocument, subjectIn } from "../../src/cli/simulate";
import { reportOf } from "../../src/cli/simulation-report";
import { toTerminal } from "../../src/preview/terminal";
import { simulateLive } from "../../src/simulation/live";
import type { Running, RunningPod } from "../../src/simulation/running";
import { simulate } from "../../src/simulation/simulation";
import { emit, temporaryFolder } from "../fixture";
import { CLI } from "../program";
import { asPrinted, schemaFaults } from "../json-schema";
import { agentOn, pveNodes, serversOn, settingsOf, subjectOf } from "../simulation/clusters";

const NODES = [...serversOn(1, 2, 3), agentOn(1, "hamal", 150)];

/** A project after a synth. */
function project(nodes = NODES, settings = {}): string {
  const folder = temporaryFolder();
  emit(folder, nodes, settingsOf(settings));
  return folder;
}

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (folder: string, ...words: string[]): Ran => runWith({}, folder, ...words);

function runWith(environment: Record<string, string>, folder: string, ...words: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(CLI, ["simulate", ...words], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...environment },
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

describe("with --live", () => {
  const mib = 1024 ** 2;
  const pods = Array.from({ length: 400 }, (_, index): RunningPod => ({
    name: `shop/web-with-a-long-name-${index}`,
    node: "hamal",
    controller: `deployment/web-with-a-long-name-${index}`,
    ofDaemonSet: false,
    bare: index % 2 === 0,
    labels: { app: "web" },
    ready: true,
    memory: 100 * mib,
    nodeSelector: {},
    tolerations: [],
    claims: [`data-${index}`],
  }));
  const running: Running = {
    nodes: ["alphard", "acrux", "alnair", "hamal"].map((name) => ({
      name,
      labels: { name },
      taints: [],
      cordoned: false,
      ready: true,
      memory: 1000 * mib,
    })),
    pods,
    budgets: [{ name: "shop/web", selector: { matchLabels: { app: "web" } }, needed: 300 }],
    volumes: pods.slice(0, 200).map((_, index) => ({
      claim: `shop/data-${index}`,
      nodeTerms: [{ matchExpressions: [{ key: "name", operator: "In", values: ["hamal"] }] }],
    })),
  };
  const live = () => {
    const subject = subjectOf(NODES);
    return simulateLive(subject, simulate(subject).singles, running);
  };

  test("the document matches its schema, and without it has no pods", () => {
    const simulation = simulate(subjectOf(NODES));
    const document = asPrinted(simulationDocument(simulation, [], live()));
    expect(schemaFaults("simulate#simulation", document)).toEqual([]);
    expect(JSON.stringify(document)).toContain('"pending":[{');
    expect(JSON.stringify(simulationDocument(simulation, []))).not.toContain('"live"');
  });

  test("hundreds of pods of a node fit a screen of 80 columns", () => {
    const lines = toTerminal(liveReport(live()), { columns: 80, paint: (_, text) => text }).split("\n");
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(80);
    expect(lines.length).toBeLessThan(70);
    expect(lines.join("\n")).toMatch(/\d+ other losses: each workload keeps a ready replica/);
  });

  test("of many losses the report has forty, and says how many there are", () => {
    const [loss] = live().losses;
    if (loss === undefined) throw new Error("no loss");
    const text = toTerminal(liveReport({ ...live(), losses: Array.from({ length: 300 }, () => loss) }), {
      columns: 80,
      paint: (_, each) => each,
    });
    expect(text.match(/^ {2}PVE node pve1 or/gm)).toHaveLength(40);
    expect(text).toContain("260 more losses that --json prints.");
  });

  test("servers that do not answer are an error by name, and no result", () => {
    const bin = temporaryFolder();
    writeFileSync(
      join(bin, "ssh"),
      `#!/bin/sh\necho "ssh: connect to host x port 22: Connection refused" >&2\nexit 255\n`,
      { mode: 0o755 },
    );
    const environment = { PATH: `${bin}:${process.env.PATH}` };
    const folder = project();
    const { status, stdout, stderr } = runWith(environment, folder, "--live");
    expect([status, stdout]).toEqual([ExitCode.Unreachable, ""]);
    for (const name of ["alphard", "acrux", "alnair"]) expect(stderr).toContain(`\n${name}: `);
    expect(stderr).not.toContain("hamal");
    const failure = JSON.parse(runWith(environment, folder, "--live", "--json").stdout) as object;
    expect(schemaFaults("simulate#failure", failure)).toEqual([]);
    expect(failure).toMatchObject({ code: "unreachable" });
  });

  test("without an SSH client it says what is missing, and without --live none is needed", () => {
    const bin = temporaryFolder();
    symlinkSync(process.execPath, join(bin, "node"));
    const folder = project();
    expect(runWith({ PATH: bin }, folder, "--live").stderr).toContain(
      "ssh is not in PATH, and simulate --live needs it",
    );
    expect(runWith({ PATH: bin }, folder).status).toBe(ExitCode.Done);
  });
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
