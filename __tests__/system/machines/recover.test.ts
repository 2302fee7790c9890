/**
 * The loss of all machines, and new clones for them: real SSH, namespaces, file systems and locks; K3s, etcd, NixOS and systemd are
 * stand-ins, which refuse a new machine with a known Node's name as K3s does. OpenTofu is not part of it.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HAMAL, REFERENCE, server } from "../../fixture";
import { schemaFaults } from "../../json-schema";
import { describeWith } from "../tools";
import { backupOf } from "./backups";
import { LiveCluster } from "./cluster";
import { MACHINES } from "./tools";

const NODES = [
  server("k3s-server", "alphard", 134, { clusterInit: true }),
  server("k3s-server-1", "acrux", 137),
  HAMAL,
];

describeWith(MACHINES, "a cluster of which all machines are lost", () => {
  let cluster: LiveCluster;
  let backup: string;

  const recover = (...words: string[]) =>
    cluster.rollout("recover", "--from", backup, "--confirm", "alphard", ...words);

  beforeAll(async () => {
    cluster = await LiveCluster.start(NODES, NODES, { settings: { allowEvenServerCount: true } });
    cluster.testbed.setConfigMap("kept", "1");
    backup = await backupOf(cluster, {
      volumes: [{ namespace: "default", claim: "data-postgres-0", node: "hamal" }],
    });
  });
  afterAll(() => cluster?.stop());

  test("is not recovered while it is there", async () => {
    const { status, output } = await recover();
    expect([status, output]).toEqual([
      expect.any(Number),
      expect.stringMatching(/acrux has data of K3s, so it is no new clone.*Nothing was changed/s),
    ]);
    expect(status).not.toBe(0);
  });

  describe("and has new ones", () => {
    beforeAll(async () => {
      await cluster.testbed.loseAll(join(cluster.folder, "nix"));
      cluster.testbed.forgetEvents();
      // As owners do: the keys of the former machines are in there.
      rmSync(join(cluster.folder, "known_hosts"));
    });

    test("is not recovered while a machine does not answer", async () => {
      await cluster.testbed.powerOff("hamal");
      const { status, output } = await recover("--accept-new-host-keys");
      await cluster.testbed.powerOn("hamal");
      expect([status, output]).toEqual([
        expect.any(Number),
        expect.stringMatching(/hamal does not answer .*a recovery begins when OpenTofu has created all VMs/),
      ]);
      expect(status).not.toBe(0);
    });

    test.each([
      [
        { members: [{ name: "vega", address: "10.0.0.9" }] },
        "is a backup of another cluster: its servers were vega",
      ],
      [
        { token: { salt: "0".repeat(32), hash: "0".repeat(64) } },
        "The join token is not the one of the backup's time",
      ],
      [
        { k3sVersion: "v1.32.1+k3s1" },
        "alphard would run K3s v1.34.2+k3s1, and the backup is of v1.32.1+k3s1",
      ],
    ])("is not recovered from a backup with %j", async (change, why) => {
      const path = join(cluster.folder, backup, "backup.json");
      const text = readFileSync(path, "utf8");
      writeFileSync(path, JSON.stringify({ ...JSON.parse(text), ...change }));
      const { status, output } = await recover("--accept-new-host-keys");
      writeFileSync(path, text);
      expect([status, output]).toEqual([expect.any(Number), expect.stringContaining(why)]);
      expect(status).not.toBe(0);
      expect(cluster.testbed.events().filter((event) => event.includes("joined"))).toEqual([]);
    });

    test("is restored on the first of them, before the others join it", async () => {
      cluster.testbed.forgetEvents();
      const file = join(cluster.folder, "add-on.json");
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "add-on" } };
      writeFileSync(file, JSON.stringify(object));
      cluster.emit(NODES, { k3s: { ...REFERENCE.k3s, manifests: [file] } });
      const { status, stdout, output } = await recover("--accept-new-host-keys", "--json");
      expect([status, output]).toEqual([0, expect.any(String)]);
      const document = stdout
        .split("\n")
        .map((line) => line && (JSON.parse(line) as { recovered?: object }))
        .find((each) => each && each.recovered);
      expect(schemaFaults("rollout#recovered", document)).toEqual([]);
      const events = cluster.testbed.events();
      const at = (event: string): number => events.findIndex((each) => each.startsWith(event));
      expect(at("alphard joined")).toBeLessThan(at("alphard restored"));
      for (const name of ["acrux", "hamal"]) {
        expect(at(`alphard kubectl delete node ${name}`)).toBeGreaterThan(at("alphard restored"));
        expect(at(`${name} joined`)).toBeGreaterThan(at(`alphard kubectl delete node ${name}`));
      }
      expect(at("alphard kubectl delete node alphard")).toBe(-1);
      expect(cluster.testbed.configMaps()).toEqual(["kept.json"]);
      expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
        notApplied: {
          manifests: { objects: [{ object: "ConfigMap default/add-on", verdict: "new" }], left: [] },
          next: "npm run rollout -- apply",
        },
      });
      expect((await cluster.rollout("verify")).status).toBe(0);
    });

    test("and is no new clone any more", async () => {
      expect((await recover()).output).toContain("alphard has data of K3s, so it is no new clone");
    });
  });
});
