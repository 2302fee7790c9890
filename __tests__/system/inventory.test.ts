/** `inventory`, over HTTPS to the stand-in for Proxmox VE's API. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Pve } from "../../testbed/pve/pve";
import { EVERYTHING, type Grants } from "../../testbed/pve/token";
import { temporaryFolder } from "../fixture";
import { CLI } from "../program";
import { describeWith, OPENSSL } from "./tools";

describeWith([OPENSSL], "inventory, asked of a stand-in for Proxmox VE's API over HTTPS", () => {
  let folder: string;
  let file: string;
  let tokens = 0;
  const pve = new Pve({
    nodes: ["pve2", "pve1"],
    storages: ["local-zfs", "ceph"],
    bridges: ["vmbr1", "vmbr0"],
  });

  beforeAll(async () => {
    pve.inventory.shared.add("ceph");
    pve.inventory.datastoreTypes.set("local-zfs", "zfspool").set("ceph", "rbd");
    await pve.listen();
  });
  beforeEach(() => {
    folder = temporaryFolder();
    file = join(folder, "pve-nodes.json");
    writeFileSync(join(folder, "ca.pem"), pve.ca);
  });
  afterAll(() => pve.leave());

  async function run(grants: Grants, more: object = {}): Promise<{ status: number | null; output: string }> {
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      SSL_CERT_FILE: join(folder, "ca.pem"),
      PROXMOX_VE_ENDPOINT: pve.endpoint,
      PROXMOX_VE_API_TOKEN: pve.addToken(`inventory${++tokens}`, grants),
      ...more,
    };
    const child = spawn(CLI, ["inventory"], { cwd: folder, env });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return { status: await new Promise((resolve) => child.once("close", resolve)), output };
  }

  test("writes what each PVE node has, says how main.ts takes it, and changes nothing in Proxmox VE", async () => {
    const { status, output } = await run(EVERYTHING);
    expect({ status, output }).toEqual({
      status: 0,
      output:
        "pve-nodes.json: pve1 and pve2.\n" +
        'State it in main.ts: import pveNodes from "./pve-nodes.json"; and pve: { nodes: pveNodes }.\n' +
        "Next: npm run preview, npm run synth\n",
    });
    const pveNode = {
      cores: 16,
      memoryMib: 65_536,
      datastores: { ceph: { sizeGib: 900, shared: true }, "local-zfs": { sizeGib: 900, zfs: true } },
      bridges: ["vmbr0", "vmbr1"],
    };
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ pve1: pveNode, pve2: pveNode });
    expect(pve.journal.filter(({ method }) => method !== "GET")).toEqual([]);
    expect((await run(EVERYTHING)).output).toContain("pve-nodes.json: pve1 and pve2, as before.");
  });

  test("says what the token may not see, and writes nothing where it sees no PVE node's memory", async () => {
    writeFileSync(file, "{}");
    const audit = ["Sys.Audit", "Datastore.Audit", "SDN.Audit"];
    const { status, output } = await run({ "/": ["Datastore.Audit", "SDN.Audit"] });
    expect(status).not.toBe(0);
    expect(output).toContain(
      "pve1: the token may not see its CPUs and memory, which needs Sys.Audit on /nodes/pve1",
    );
    expect(readFileSync(file, "utf8")).toBe("{}");
    expect((await run({ "/": ["Datastore.Audit", "SDN.Audit"], "/nodes/pve1": audit })).output).toContain(
      "pve-nodes.json: pve1.\nLeft out: pve2: the token may not see its CPUs and memory",
    );
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  test("without an endpoint or an answer it says what to set", async () => {
    expect(await run(EVERYTHING, { PROXMOX_VE_ENDPOINT: "" })).toMatchObject({
      output: expect.stringContaining("inventory needs PROXMOX_VE_ENDPOINT: npm run doctor says what to set"),
    });
    const { output } = await run(EVERYTHING, { PROXMOX_VE_ENDPOINT: "https://127.0.0.1:1" });
    expect(output).toMatch(/Proxmox VE does not say what it has: .*ECONNREFUSED/);
  });
});
