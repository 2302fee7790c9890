/** The findings of the doctor about Proxmox VE, over HTTPS to the stand-in for its API. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Pve } from "../../testbed/pve/pve";
import { EVERYTHING, type Grants } from "../../testbed/pve/token";
import { REPOSITORY, temporaryFolder } from "../fixture";
import { CLI } from "../program";
import { schemaFaults } from "../json-schema";
import { role } from "./tofu/documents";
import { describeWith, OPENSSL } from "./tools";

interface Seen {
  readonly status: number | null;
  readonly output: string;
  /** Name of a check to its state, a colon, and what was found. */
  readonly checks: Readonly<Record<string, string>>;
  readonly remedies: Readonly<Record<string, string>>;
}

const APPLY = role("K3sApply");
const HEALTHY = {
  "PVE token": expect.stringMatching(/^ok: terraform@pve!doctor\d+, accepted by Proxmox VE 9\.0\.3$/),
  "PVE rights": expect.stringMatching(/^ok: the token has all that an apply needs, on \d+ paths$/),
  "PVE nodes": "ok: pve",
  Template: "ok: VM 9903",
  Datastores: "ok: Cesspool-VM",
  "Disks of etcd": "ok: Cesspool-VM",
  Bridges: "ok: vmbr0",
  "VM IDs": "ok: 3 free, 0 VMs of this cluster",
};

describeWith([OPENSSL], "doctor, asked of a stand-in for Proxmox VE's API over HTTPS", () => {
  const folder = temporaryFolder();
  let pve: Pve;
  let environment: Record<string, string>;
  let tokens = 0;

  const cluster = (change: (text: string) => string = (text) => text): void =>
    writeFileSync(
      join(folder, "nix", "cluster.json"),
      change(readFileSync(join(REPOSITORY, "nix", "cluster.json"), "utf8")),
    );
  const become = (grants: Grants): void => {
    environment.PROXMOX_VE_API_TOKEN = pve.addToken(`doctor${++tokens}`, grants);
  };

  beforeEach(async () => {
    mkdirSync(join(folder, "nix"), { recursive: true });
    cluster();
    pve = new Pve({ nodes: ["pve", "pve2"], storages: ["Cesspool-VM"] });
    pve.inventory.add(9903, "pve", { name: "template", template: "1", scsi0: "Cesspool-VM:20" });
    await pve.listen();
    writeFileSync(join(folder, "ca.pem"), pve.ca);
    environment = {
      PROXMOX_VE_ENDPOINT: pve.endpoint,
      SSL_CERT_FILE: join(folder, "ca.pem"),
      TF_VAR_proxmox_node: "pve",
    };
    become(APPLY.whole);
  });
  afterEach(async () => {
    expect(pve.journal.filter(({ method }) => method !== "GET")).toEqual([]);
    await pve.leave();
  });

  /** The output of `doctor --json`, which must not have the secret of the token. */
  async function look(...words: string[]): Promise<{ status: number | null; output: string }> {
    const child = spawn(CLI, ["doctor", ...words], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, ...environment },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
    const secret = environment.PROXMOX_VE_API_TOKEN?.split("=").at(-1);
    if (secret !== undefined && secret !== "") expect(output).not.toContain(secret);
    return { status, output };
  }

  async function seen(): Promise<Seen> {
    const { status, output } = await look("--json");
    const document = JSON.parse(output) as {
      checks: { name: string; state: string; found: string; remedy?: string }[];
    };
    expect(schemaFaults("doctor#checks", document)).toEqual([]);
    return {
      status,
      output,
      checks: Object.fromEntries(
        document.checks.map(({ name, state, found }) => [name, `${state}: ${found}`]),
      ),
      remedies: Object.fromEntries(document.checks.map(({ name, remedy = "" }) => [name, remedy])),
    };
  }

  test("the documented privileges for applies, and all that the nodes need, are found", async () => {
    const { checks } = await seen();
    expect(checks).toMatchObject(HEALTHY);
    expect(checks["PVE endpoint"]).toMatch(/^ok: https:\/\/127\.0\.0\.1:\d+, certificate trusted$/);
  });

  test("existing VMs have their node's name, and a guest of another name blocks the ID", async () => {
    pve.inventory.add(134, "pve", { name: "alphard" });
    pve.inventory.add(135, "pve2", { name: "nextcloud" });
    pve.inventory.containers.push({ id: 136, node: "pve", name: "dns" });
    expect((await seen()).checks["VM IDs"]).toBe(
      "problem: 135 (hamal) belongs to the VM nextcloud on pve2; 136 (mizar) belongs to the container dns on pve",
    );
    pve.inventory.vms.delete(135);
    pve.inventory.containers.pop();
    expect((await seen()).checks["VM IDs"]).toBe("ok: 2 free, 1 VM of this cluster");
  });

  test("an ID is taken even if the token does not see by which guest", async () => {
    pve.inventory.add(135, "pve2", { name: "nextcloud" });
    become({ ...APPLY.whole, "/vms/135": [] });
    const { checks } = await seen();
    expect(checks["VM IDs"]).toBe("problem: 135 (hamal) belongs to a guest that the token does not see");
    expect(checks["PVE rights"]).toMatch(/VM\.Audit is missing on \/vms\/135;/);
  });

  test.each(APPLY.whole["/"].filter((privilege) => privilege !== "Pool.Audit"))(
    "without %s an apply fails, and the doctor says so",
    async (privilege) => {
      become(APPLY.without(privilege));
      const { status, checks, remedies } = await seen();
      expect(status).toBe(1);
      expect(checks["PVE rights"]).toMatch(
        new RegExp(`^problem: ${privilege.replaceAll(".", "\\.")} is missing on /`),
      );
      expect(remedies["PVE rights"]).toContain(`--privs "${privilege}"`);
    },
  );

  test("startup and a pool need further rights, and a VLAN its own path", async () => {
    become({ ...APPLY.whole, "/sdn/zones/localnetwork/vmbr0/20": [] });
    cluster((text) =>
      text
        .replace('"startOnBoot": true', '"startOnBoot": true, "startup": { "order": 1 }, "pool": "k3s"')
        .replace('"bridge": "vmbr0"', '"bridge": "vmbr0", "vlanId": 20'),
    );
    expect((await seen()).checks["PVE rights"]).toBe(
      "problem: Sys.Modify is missing on /; Pool.Allocate is missing on /pool/k3s; SDN.Use is missing on /sdn/zones/localnetwork/vmbr0/20",
    );
  });

  test("VMs of Proxmox VE's HA manager need a further right", async () => {
    const pveNodes = { pve: { cores: 16, memoryMib: 65_536, datastores: {}, bridges: [] } };
    const settings = JSON.stringify({ nodes: pveNodes, ha: "agents" });
    cluster((text) => text.replace('"apiEndpoint"', `"pve": ${settings}, "apiEndpoint"`));
    expect((await seen()).checks["PVE rights"]).toBe("problem: Sys.Console is missing on /");
  });

  test("a template that is not there, is none, or is elsewhere", async () => {
    const template = pve.inventory.vms.get(9903);
    pve.inventory.vms.delete(9903);
    expect((await seen()).checks.Template).toBe("problem: the token sees no VM 9903");
    pve.inventory.add(9903, "pve", { name: "template" });
    expect((await seen()).checks.Template).toBe("problem: VM 9903 is not a template");
    pve.inventory.vms.delete(9903);
    pve.inventory.add(9903, "pve2", Object.fromEntries(template?.options ?? []));
    expect((await seen()).checks.Template).toBe("problem: VM 9903 is on pve2, not on pve");
  });

  test.each<[string, Record<string, string>, string]>([
    [
      "a larger disk",
      { scsi0: "Cesspool-VM:40" },
      "has a disk of 40 GiB, its templateDiskGib, and 32 is the sizeGib of alphard, hamal and mizar",
    ],
    [
      "its disk elsewhere",
      { virtio0: "Cesspool-VM:20" },
      "has its disk on virtio0, and scsi0 is the first disk of alphard, hamal and mizar",
    ],
    ["no disk", {}, "has no disk, and scsi0 is the first disk of alphard, hamal and mizar"],
    [
      "one more disk",
      { scsi0: "Cesspool-VM:20", scsi1: "Cesspool-VM:1" },
      "has a disk on scsi1, which is no disk of alphard, hamal and mizar",
    ],
    [
      "the other firmware",
      { scsi0: "Cesspool-VM:20", bios: "ovmf" },
      "boots with uefi, and bios is the firmware of alphard, hamal and mizar",
    ],
    [
      "the CD of its installation",
      { scsi0: "Cesspool-VM:20", ide2: "local:iso/nixos-minimal.iso,media=cdrom,size=1200M" },
      "has local:iso/nixos-minimal.iso in its CD drive ide2, which its clones would need",
    ],
    [
      "a drive of cloud-init",
      { scsi0: "Cesspool-VM:20", ide2: "Cesspool-VM:vm-9903-cloudinit,media=cdrom" },
      "has the drive of cloud-init on ide2, which its clones would get",
    ],
    [
      "a setting of cloud-init",
      { scsi0: "Cesspool-VM:20", ipconfig0: "ip=dhcp" },
      "has the setting ipconfig0 of cloud-init, which its clones do not read",
    ],
  ])(
    "a template with %s, of which clones would get something else than they state",
    async (_, options, fault) => {
      pve.inventory.vms.delete(9903);
      pve.inventory.add(9903, "pve", { name: "template", template: "1", ...options });
      expect((await seen()).checks.Template).toMatch(new RegExp(`^problem: VM 9903 ${fault}(;|$)`));
    },
  );

  test("a template with an empty CD drive and a smaller disk fits", async () => {
    pve.inventory.vms.delete(9903);
    const options = { scsi0: "Cesspool-VM:3", ide2: "none,media=cdrom" };
    pve.inventory.add(9903, "pve", { name: "template", template: "1", ...options });
    expect((await seen()).checks.Template).toBe("ok: VM 9903");
  });

  test("a datastore and a bridge that the PVE node does not have", async () => {
    cluster((text) =>
      text
        .replace('"datastore": "Cesspool-VM"', '"datastore": "tank"')
        .replace('"bridge": "vmbr0"', '"bridge": "vmbr7"'),
    );
    const { checks } = await seen();
    expect(checks.Datastores).toBe("problem: the token sees no tank on pve");
    expect(checks.Bridges).toBe("problem: the token sees no vmbr7 on pve");
  });

  test("etcd on a datastore behind a network, or on disks that turn, is a warning", async () => {
    pve.inventory.datastoreTypes.set("Cesspool-VM", "nfs");
    const { status, output, checks, remedies } = await seen();
    expect([status, checks["Disks of etcd"]]).toEqual([
      expect.any(Number),
      "warning: alphard has it on Cesspool-VM, which is behind a network (nfs)",
    ]);
    expect(remedies["Disks of etcd"]).toContain("/var/lib/rancher/k3s/server/db");
    expect(output).not.toContain("hamal has it"); // an agent has no etcd
    pve.inventory.datastoreTypes.clear();
    pve.inventory.disks = [
      { devpath: "/dev/sda", type: "hdd" },
      { devpath: "/dev/sdb", type: "ssd" },
    ];
    expect((await seen()).checks["Disks of etcd"]).toBe(
      "warning: alphard has it on Cesspool-VM of pve, which is a hard disk",
    );
    // Below a directory there may be any of the node's disks.
    pve.inventory.datastoreTypes.set("Cesspool-VM", "dir");
    expect((await seen()).checks["Disks of etcd"]).toBe("ok: Cesspool-VM");
    pve.inventory.disks = pve.inventory.disks.slice(0, 1);
    expect((await seen()).checks["Disks of etcd"]).toMatch(/^warning: alphard .* a hard disk$/);
  });

  test("a PVE node that does not exist, and one that is unknown until the apply", async () => {
    environment.TF_VAR_proxmox_node = "pve9";
    expect((await seen()).checks).toMatchObject({
      "PVE nodes": "problem: pve9 does not exist",
      Datastores: "unknown: pve9 does not answer",
    });
    delete environment.TF_VAR_proxmox_node;
    expect((await seen()).checks).toMatchObject({
      "PVE nodes": "unknown: TF_VAR_proxmox_node is not set",
      Bridges: "unknown: TF_VAR_proxmox_node is not set",
      "VM IDs": HEALTHY["VM IDs"],
    });
  });

  test.each([
    [
      "another secret",
      "terraform@pve!doctor=11111111-0000-4000-8000-other",
      "problem: terraform@pve!doctor is not accepted",
    ],
    [
      "no form of a token",
      "hunter2-hunter2",
      "problem: PROXMOX_VE_API_TOKEN does not have the format USER@REALM!NAME=SECRET",
    ],
    ["none", "", "problem: PROXMOX_VE_API_TOKEN is not set"],
  ])("a token: %s", async (_, token, expected) => {
    environment.PROXMOX_VE_API_TOKEN = token;
    const { status, output, checks } = await seen();
    expect([status, checks["PVE token"], checks["VM IDs"]]).toEqual([
      1,
      expected,
      "unknown: not checked: there is no access to Proxmox VE",
    ]);
    expect(output).not.toMatch(/hunter2|1111/);
  });

  test("no endpoint, an invalid one, and one where nothing listens", async () => {
    environment.PROXMOX_VE_ENDPOINT = "";
    expect((await seen()).checks).toMatchObject({
      "PVE endpoint": "problem: PROXMOX_VE_ENDPOINT is not set",
      "PVE token": "unknown: is set; it could not be tried",
      Template: "unknown: not checked: there is no access to Proxmox VE",
    });
    environment.PROXMOX_VE_ENDPOINT = "http://pve.example.org:8006/";
    expect((await seen()).checks["PVE endpoint"]).toBe("problem: PROXMOX_VE_ENDPOINT is not an https URL");
    environment.PROXMOX_VE_ENDPOINT = "https://127.0.0.1:1/";
    expect((await seen()).checks["PVE endpoint"]).toMatch(
      /^problem: https:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
    );
  });

  test("a server whose certificate is not trusted gets no token, and the check says where certificates are not verified", async () => {
    environment.SSL_CERT_FILE = "";
    const { checks, remedies } = await seen();
    expect(checks["PVE endpoint"]).toMatch(/^problem: .*(certificate|self-signed)/);
    expect(remedies["PVE endpoint"]).toContain("/etc/pve/pve-root-ca.pem");
    expect(pve.journal).toEqual([]);
    environment.PROXMOX_VE_INSECURE = "true";
    const insecure = (await seen()).checks;
    expect(insecure).toMatchObject(HEALTHY);
    expect(insecure["PVE endpoint"]).toContain("certificate NOT verified (PROXMOX_VE_INSECURE)");
  });

  test("with every right the report says so", async () => {
    become(EVERYTHING);
    expect((await look()).output).toMatch(/^PVE rights +ok +the token has all that an apply needs/m);
  });
});
