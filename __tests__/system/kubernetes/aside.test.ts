/**
 * A snapshot of a real Kubernetes, restored aside by a real etcd and tried with a real API, in namespaces of the kernel. What K3s adds
 * is a stand-in (`testbed/kubernetes/k3s.sh`).
 */
import { createHash } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSnapshot } from "../../../src/backup/snapshot";
import { Aside, type Tried } from "../../../src/rollout/aside";
import { AsideHere } from "../../../src/rollout/aside-here";
import { drill } from "../../../src/rollout/drill";
import { renderDrill } from "../../../src/render/drill";
import type { Node } from "../../../src/config/model";
import type { Restorable } from "../../../src/rollout/restorable";
import { TOKEN } from "../../../testbed/kubernetes/control-plane";
import { FIVE_NODES, ownTmpdir, REFERENCE, temporaryFolder } from "../../fixture";
import { described } from "../../rollout/plan-context";
import { built, CURL, describeWith } from "../tools";
import { Bed, KUBERNETES } from "./bed";
import { takenSnapshot } from "./etcd";

describeWith([...KUBERNETES, CURL, built("etcdutl", "etcdutl")], "a restore aside", () => {
  let bed: Bed;
  let what: Restorable;
  let bytes: Buffer;
  let aside: Aside;
  const temporary = ownTmpdir();
  const drillsIn = (folder: string): string[] =>
    readdirSync(folder).filter((name) => name.startsWith("k3s-drill-"));

  beforeAll(async () => {
    bed = await Bed.start(FIVE_NODES);
    const data = { text: Buffer.from("planted-content").toString("base64") };
    await bed.plane.create(
      { apiVersion: "v1", kind: "Secret", metadata: { name: "before" }, data },
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "removed-later" } },
    );
    what = await restorable();
    await bed.plane.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "later" } });
    await bed.plane.kubectl(["delete", "configmap", "removed-later"]);
    aside = new Aside(bed.host("alphard"), bed.host("alphard"));
  });
  afterAll(() => bed?.stop());

  async function restorable(): Promise<Restorable> {
    const path = join(temporaryFolder(), "snapshot");
    bytes = await takenSnapshot(bed);
    writeFileSync(path, bytes);
    const snapshot = readSnapshot(path);
    const manifest = {
      version: 1,
      takenAt: new Date().toISOString(),
      server: "alphard",
      k3sVersion: "v1.33.5+k3s1",
      clusterUid: snapshot.clusterUid,
      snapshot: {
        file: "snapshot",
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      },
      members: [{ name: "alphard", address: "172.22.0.134" }],
      token: { salt: "", hash: "" },
      encryptedToken: null,
      volumes: [],
    } as const;
    return {
      backup: {
        folder: "",
        manifest: { ...manifest, members: [...manifest.members], volumes: [] },
        snapshot: path,
      },
      snapshot,
      token: TOKEN,
    };
  }

  const tried = async (more: Partial<Restorable> = {}, content = bytes): Promise<Tried> => {
    const place = "mkdir -p /var/lib/rancher/k3s/restore && base64 -d >/var/lib/rancher/k3s/restore/snapshot";
    const { status, stderr } = await bed.plane.on(
      "alphard",
      `${place} <<'END'\n${content.toString("base64")}\nEND\n`,
      60,
    );
    expect([status, stderr]).toEqual([0, ""]);
    return aside.restore({ ...what, ...more }, ["--node-name=alphard"]);
  };

  test("holds every object of the snapshot, and none of later", async () => {
    const { api, back } = await tried();
    expect(api.clusterUid).toBe(what.snapshot.clusterUid);
    const names = api.objects.map(({ key }) => key);
    expect(names).toContain("/registry/configmaps/default/removed-later");
    expect(names).not.toContain("/registry/configmaps/default/later");
    expect(back.missing).toEqual([]);
    expect(back.same).toBeGreaterThan(8);
    expect(api.counts.get("v1 Node")).toBe(5);
  });

  test("leaves the cluster, its network and its data as they are", async () => {
    const looks = "ip -br address; ls /var/lib/rancher/k3s; ss -Hltn | sort; cat /proc/net/route";
    const before = (await bed.plane.on("alphard", looks, 20)).stdout;
    const answers = async (): Promise<string> =>
      (await bed.plane.kubectl(["get", "configmap", "later", "-o", "name"])).stdout;
    expect(await answers()).toBe("configmap/later\n");
    await tried();
    expect((await bed.plane.on("alphard", looks, 20)).stdout).toBe(before);
    expect(await answers()).toBe("configmap/later\n");
    const { stdout } = await bed.plane.on(
      "alphard",
      "pgrep -f '[c]luster-reset'; pgrep -f 'restore/[t]rial'; ls -A /var/lib/rancher/k3s/restore",
      20,
    );
    expect(stdout.split("\n").sort()).toEqual(["", "reset.log", "server", "snapshot", "start.log"]);
  });

  test("compares the content of secrets by hashes, without showing it", async () => {
    const { api } = await tried();
    const live = await aside.live();
    const key = "/registry/secrets/default/before";
    expect(live.secrets.get(key)).toMatch(/^\d+ [0-9a-f]{64}$/);
    expect(api.secrets.get(key)).toBe(live.secrets.get(key));
    expect(JSON.stringify([...api.secrets, bed.said])).not.toContain(what.token);
    await bed.plane.kubectl(["patch", "secret", "before", "-p", '{"stringData":{"text":"other"}}']);
    expect((await aside.live()).secrets.get(key)).not.toBe(api.secrets.get(key));
  });

  test("with another token is refused in K3s' words", async () => {
    await expect(tried({ token: "another-token" })).rejects.toMatchObject({
      code: "failed",
      problem: expect.stringContaining("bootstrap data already found and encrypted with different token"),
    });
  });

  test("of a damaged snapshot fails, and so does one of none", async () => {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(9000) ^ 1, 9000);
    await expect(tried({}, damaged)).rejects.toThrow(/K3s does not restore the snapshot \(it ended with 1\)/);
    await expect(tried({}, bytes.subarray(0, -100))).rejects.toThrow(/K3s does not restore the snapshot/);
  });

  test("is no success when another cluster came up", async () => {
    const snapshot = { ...what.snapshot, clusterUid: "another" };
    await expect(tried({ snapshot })).rejects.toThrow(/another cluster than the one in the snapshot/);
  });

  test("is no success when an object is missing", async () => {
    const objects = new Map([...what.snapshot.objects, ["/registry/secrets/default/gone", 7] as const]);
    await expect(tried({ snapshot: { ...what.snapshot, objects } })).rejects.toThrow(
      /lacks 1 objects of the snapshot, such as \/registry\/secrets\/default\/gone/,
    );
  });

  test("on the operator's machine is compared with the cluster, and leaves nothing there", async () => {
    const { description } = bed.host("alphard");
    const [founder] = description.nodes as [Node];
    const k3s = (await bed.plane.on("alphard", "command -v k3s", 20)).stdout.trim();
    const snapshot = join(temporary.path, "snapshot");
    writeFileSync(snapshot, bytes);
    const here: Restorable = { ...what, backup: { ...what.backup, snapshot } };
    const place = new AsideHere(description, founder, k3s, bed.log);
    const result = await drill(here, place, bed.host("alphard"));
    expect(result).toMatchObject({ host: "this machine", faults: [] });
    expect(result.readBack).toBeGreaterThan(8);
    const configMaps = (await bed.plane.kubectl(["get", "configmaps", "-A", "-o", "name"])).stdout;
    expect(result.kinds).toContainEqual(
      expect.objectContaining({ kind: "v1 ConfigMap", now: configMaps.trim().split("\n").length }),
    );
    expect(drillsIn(temporary.path)).toEqual([]);
    // The token is not the one of the snapshot's time.
    const other = new AsideHere(description, founder, k3s, bed.log);
    await expect(drill({ ...here, token: "another" }, other, bed.host("alphard"))).rejects.toThrow(
      "bootstrap data already found and encrypted with different token",
    );
    expect(drillsIn(temporary.path)).toEqual([]);
  });

  describe("that the server tries by itself", () => {
    const RESULTS = "/var/lib/k3s-rollout-drill";
    const SNAPSHOTS = "/var/lib/rancher/k3s/server/db/snapshots";
    const model = described(FIVE_NODES, { k3s: { ...REFERENCE.k3s, snapshots: { drill: {} } } });
    const [alphard] = model.nodes as [Node];

    async function on(script: string): Promise<string> {
      const { status, stdout, stderr } = await bed.plane.on("alphard", script, 60);
      expect([status, stderr]).toEqual([0, ""]);
      return stdout;
    }
    const write = (path: string, content: Buffer | string): Promise<string> =>
      on(`base64 -d >${path} <<'END'\n${Buffer.from(content).toString("base64")}\nEND\n`);

    interface Ended {
      readonly status: number;
      readonly said: string;
      readonly last: string;
    }

    /** Runs the emitted program as its unit does. @param live - what the host's own API says otherwise, as a script of sed */
    async function drilled(live = ""): Promise<Ended> {
      await write(`${RESULTS}/bin/k3s`, `#!/bin/sh\n${EDITED.replaceAll("LIVE", live)}`);
      const path = `real=$(command -v k3s) PATH=${RESULTS}/bin:$PATH`;
      const run = `${path} bash -e ${RESULTS}/drill.sh ${RESULTS}/drill-aside.sh 2>&1`;
      const text = await on(`status=0; ${run} || status=$?; echo $status; cat ${RESULTS}/last`);
      const [, said = "", status, last = ""] = /^([^]*?)(?:^|\n)(\d)\n(begun [^]*)$/.exec(text) ?? [];
      return { status: Number(status), said, last };
    }
    /** The host's own API is asked without a kubeconfig of ours. */
    const EDITED = `export real
if [ "$1" = kubectl ] && [ -z "\${KUBECONFIG:-}" ]; then "$real" "$@" | sed 'LIVE'; else exec "$real" "$@"; fi
`;

    beforeAll(async () => {
      await on(
        `mkdir -p ${RESULTS}/bin ${SNAPSHOTS} /var/lib/k3s-secrets; touch ${RESULTS}/bin/k3s; chmod +x ${RESULTS}/bin/k3s`,
      );
      for (const [name, text] of renderDrill(model, alphard)) await write(`${RESULTS}/${name}`, text);
      await write(model.k3s.tokenFile, `${TOKEN}\n`);
    });
    beforeEach(async () => {
      await on(`rm -f ${SNAPSHOTS}/*`);
      await write(`${SNAPSHOTS}/etcd-snapshot-alphard-1`, bytes);
    });

    test("is the newest that is whole, and the cluster stays as it is", async () => {
      await write(`${SNAPSHOTS}/etcd-snapshot-alphard-2.part`, "half");
      await on(
        `echo older >${SNAPSHOTS}/etcd-snapshot-alphard-0; touch -d yesterday ${SNAPSHOTS}/etcd-snapshot-alphard-0`,
      );
      const looks =
        "ip -br address; find /var/lib/rancher -newer /var/lib/k3s-rollout-drill/bin; ss -Hltn | sort";
      const before = await on(looks);
      const { status, last } = await drilled();
      expect([status, last]).toEqual([
        0,
        expect.stringMatching(
          /^begun \d+\nsnapshot etcd-snapshot-alphard-1\ntaken \d+\nrto \d+\nresult succeeded\nreason \n$/,
        ),
      ]);
      expect(await on(`cat ${RESULTS}/success`)).toBe(last);
      expect(await on(looks)).toBe(before);
      expect(await on(`grep -rl ${TOKEN} ${RESULTS} | grep -v /aside/server/ || true`)).toBe("");
    });

    test.each<[string, string, string, () => Promise<unknown>]>([
      [
        "a damaged one",
        "not-restored",
        "K3s does not restore the snapshot",
        () => write(`${SNAPSHOTS}/etcd-snapshot-alphard-1`, bytes.subarray(0, -100)),
      ],
      [
        "one of another token",
        "not-restored",
        "bootstrap data already found and encrypted with different token",
        () => write(model.k3s.tokenFile, "another-token\n"),
      ],
      ["none", "no-snapshot", `there is none in ${SNAPSHOTS}`, () => on(`rm ${SNAPSHOTS}/*`)],
    ])("and is %s, fails by name", async (_, result, reason, prepare) => {
      await prepare();
      const { status, said, last } = await drilled();
      await write(model.k3s.tokenFile, `${TOKEN}\n`);
      expect([status, last]).toEqual([1, expect.stringMatching(`\nresult ${result}\nreason .*${reason}`)]);
      expect(said).toContain(`${result}: `);
      expect(await on(`grep -c succeeded ${RESULTS}/success`)).toBe("1\n");
    });

    test.each([
      ["another cluster", "other-cluster", () => `s/${what.snapshot.clusterUid}/another/`],
      [
        "other content at the same revision",
        "other-content",
        () => "s/cGxhbnRlZC1jb250ZW50\\|b3RoZXI=/eA==/",
      ],
    ])("and is of %s, fails by name", async (_, result, live) => {
      bytes = await takenSnapshot(bed);
      await write(`${SNAPSHOTS}/etcd-snapshot-alphard-1`, bytes);
      const { status, last } = await drilled(live());
      expect([status, last]).toEqual([1, expect.stringContaining(`\nresult ${result}\n`)]);
    });
  });
});
