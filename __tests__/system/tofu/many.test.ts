import { describeWith } from "../tools";
import { NO_CHANGES, printed, sharedBed, TOFU } from "./bed";

const NODES = 250;

/** Written as an owner would write many nodes: as a loop. */
const loop = (count: number): string =>
  `for (let i = 0; i < ${count - 3}; i++) new K3sAgentNode(cluster, \`k3s-more-\${i}\`, { hostname: \`more-\${i}\`, vmId: 137 + i });\n`;

describeWith(TOFU, `${NODES} nodes, with the real OpenTofu and its provider`, () => {
  const bed = sharedBed();

  beforeAll(() => {
    bed().project.edit("main.ts", (text) => text.replaceAll("172.22.0.0/24", "172.22.0.0/16"));
    bed().edit("new HostFiles(", `${loop(NODES)}new HostFiles(`);
  });

  test("are made by one apply, many at once", async () => {
    expect(await bed().apply("-parallelism=40")).toContain(
      `Apply complete! Resources: ${NODES} added, 0 changed, 0 destroyed.`,
    );
    const vms = [...bed().pve.inventory.vms.values()].filter(({ id }) => id !== 9903);
    expect(
      vms.filter(({ running, lock, pending }) => running && lock === undefined && pending.size === 0),
    ).toHaveLength(NODES);
  }, 300_000);

  test("have an empty plan, which reads each VM once", async () => {
    const before = bed().pve.journal.length;
    expect(printed(await bed().tofu("plan"))).toContain(NO_CHANGES);
    const requests = bed()
      .pve.journal.slice(before)
      .map(({ method, path }) => `${method} ${path}`);
    expect(requests.filter((request) => !request.startsWith("GET "))).toEqual([]);
    expect(requests.filter((request) => /qemu\/\d+\/config$/.test(request))).toHaveLength(NODES);
  }, 300_000);
});
