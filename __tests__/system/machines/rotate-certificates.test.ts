/**
 * `rotate certificates` on machines with real SSH servers. `k3s certificate rotate` and the certificates that K3s issues at its
 * start are stand-ins: they name, remove and make the files as K3s' source does.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { schemaFaults } from "../../json-schema";
import { describeWith } from "../tools";
import type { LiveCluster } from "./cluster";
import { areAllReady, expectOneByOne, HOSTS, restarted, startCluster } from "./rotation";
import { MACHINES } from "./tools";

const FILES =
  "cd /var/lib/rancher/k3s; find server/tls agent -path '*/tls-*' -prune -o -name '*.crt' -print | grep -v -e -ca.crt";

describeWith(MACHINES, "a rotation of certificates", () => {
  let cluster: LiveCluster;

  beforeAll(async () => (cluster = await startCluster()));
  afterAll(() => cluster?.stop());

  const rotate = ["rotate", "certificates", "--yes"];

  /** Makes the certificates of hosts two days old. */
  async function age(hosts: readonly string[] = HOSTS): Promise<void> {
    for (const host of hosts) await cluster.testbed.on(host, `${FILES} | xargs touch -d '2 days ago'`);
    cluster.testbed.forgetEvents();
  }

  const agedFiles = async (host: string): Promise<string> =>
    cluster.testbed.on(host, `${FILES} | xargs -I{} find {} -mmin +60`);

  const hashes = async (host: string): Promise<string> =>
    cluster.testbed.on(host, `${FILES} | sort | xargs sha256sum`);

  test("leaves what was issued within a day", async () => {
    const { stdout } = (await cluster.rollout(...rotate)).mustSucceed();
    expect(stdout).toContain("Nothing to do for the certificates.");
    expect(stdout).toContain(
      "alphard: stays as it is: all were issued within a day; the first expires in 364 days",
    );
    expect(restarted(cluster)).toEqual([]);
  });

  test("says what it will do, and does nothing without a yes", async () => {
    await age();
    const { status, output } = await cluster.answered("no", "rotate", "certificates");
    expect(status).not.toBe(0);
    expect(output).toContain("K3s restarts on one server after the other, then on the");
    expect(output).toContain("hamal: will be changed: the first expires in 364 days");
    expect(restarted(cluster)).toEqual([]);
  });

  test("renews all, one server after the other and then the agents, and shows the new expiry", async () => {
    const path = join(cluster.folder, "kubeconfig");
    (await cluster.rollout("kubeconfig", "--output", path, "--name", "home")).mustSucceed();
    const before = readFileSync(path, "utf8");
    await age();
    const former = await Promise.all(HOSTS.map(hashes));
    const { stdout, stderr } = (
      await cluster.rolloutWith({ KUBECONFIG: path }, ...rotate, "--json")
    ).mustSucceed();
    expect(schemaFaults("rollout#rotation", JSON.parse(stdout))).toEqual([]);
    expect(stderr).toContain("the first expires in 364 days");
    expectOneByOne(cluster);
    expect([...restarted(cluster)].sort()).toEqual([...HOSTS].sort());
    for (const [at, host] of HOSTS.entries()) {
      const lines = (await hashes(host)).split("\n");
      expect(lines).toHaveLength((former[at] ?? "").split("\n").length);
      expect(lines.filter((line) => line !== "" && former[at]?.includes(line) === true)).toEqual([]);
    }
    const [old, renewed] = [before, readFileSync(path, "utf8")].map((text) => parse(text));
    expect(renewed.users[0].name).toBe("home");
    expect(renewed.users[0].user["client-certificate-data"]).not.toBe(
      old.users[0].user["client-certificate-data"],
    );
    expect((await cluster.rollout("verify")).status).toBe(0);
    rmSync(path);
  });

  test.each([
    ["killed", { signal: "SIGKILL" as const }],
    ["disconnected", { drop: "alphard" }],
  ])("that is %s in the middle of a host is finished by it, and the next run goes on", async (_, how) => {
    await age();
    const { acted } = await cluster.testbed.interrupted(rotate, cluster.folder, {
      when: { host: "alphard", step: "rotate its certificates", outcome: "started" },
      after: 0.3,
      ...how,
    });
    expect(acted).toBe(true);
    await cluster.testbed.until("K3s runs everywhere", () => areAllReady(cluster));
    expect((await agedFiles("acrux")).length).toBeGreaterThan(0);
    const { stdout } = (await cluster.rollout(...rotate)).mustSucceed();
    for (const host of HOSTS) expect([host, await agedFiles(host)]).toEqual([host, ""]);
    expectOneByOne(cluster);
    if (restarted(cluster).filter((host) => host === "alphard").length === 1)
      expect(stdout).toContain("alphard: stays as it is");
  });

  test("killed after a host leaves that one, and the next run does the others", async () => {
    await age();
    const { acted } = await cluster.testbed.interrupted(rotate, cluster.folder, {
      when: { host: "acrux", step: "wait until it is Ready", outcome: "done" },
      signal: "SIGKILL",
    });
    expect(acted).toBe(true);
    await cluster.testbed.until("K3s runs everywhere", () => areAllReady(cluster));
    (await cluster.rollout(...rotate)).mustSucceed();
    expectOneByOne(cluster);
    expect([...restarted(cluster)].sort()).toEqual([...HOSTS].sort());
  });

  test("stops where the other servers would have no quorum, and where K3s cannot rotate, which then runs on", async () => {
    await age();
    cluster.testbed.setFault("acrux", "certificate-rotate-fails");
    const failed = await cluster.rollout(...rotate);
    cluster.testbed.clearFault("acrux", "certificate-rotate-fails");
    expect(failed.status).not.toBe(0);
    expect(failed.output).toContain("acrux: rotate-certificates: k3s certificate rotate: ");
    expect(failed.output).toContain("Not touched: hamal, mizar, alnair. Run the same command again");
    await cluster.testbed.until("K3s runs everywhere", () => areAllReady(cluster));

    await cluster.testbed.on("alnair", "systemctl stop k3s");
    await cluster.testbed.until("its lease has run out", async () =>
      (await cluster.rollout("verify")).output.includes("alnair: its node is not Ready"),
    );
    const refused = await cluster.rollout(...rotate);
    expect(refused.output).toContain(
      "acrux was not changed: without acrux only 1 of 3 servers would be ready",
    );
    await cluster.testbed.on("alnair", "systemctl start k3s");
    (await cluster.rollout(...rotate)).mustSucceed();
  });

  test("names a host that does not answer, does the others, and is not a success", async () => {
    await age();
    await cluster.testbed.powerOff("mizar");
    const { status, output } = await cluster.rollout(...rotate);
    expect(output).toContain("mizar: NOT REACHED: ");
    expect(output).toContain("Not done on mizar, which did not answer: run the same command again");
    expect(status).toBe(3);
    await cluster.testbed.powerOn("mizar");
    (await cluster.rollout(...rotate)).mustSucceed();
    expect(await agedFiles("mizar")).toBe("");
  });
});
