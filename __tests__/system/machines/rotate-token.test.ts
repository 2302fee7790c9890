/**
 * `rotate token` on machines with real SSH servers, real curl and TLS. K3s is a stand-in: it answers the requests as K3s'
 * source does, keeps passwords in memory until its next start, and admits a server only with the token of the cluster's data.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REFERENCE } from "../../fixture";
import { describeWith } from "../tools";
import { TOKEN, type LiveCluster } from "./cluster";
import { areAllReady, expectOneByOne, HOSTS, restarted, SERVERS, startCluster } from "./rotation";
import { MACHINES } from "./tools";

const PATH = "/var/lib/k3s-secrets/token";
const ROTATE = ["rotate", "token", "--yes"];

/** Has what a shell, curl's settings and JSON treat specially. */
const SPECIAL = "planted-\"new\\$(id)'`%s&-5ca1ab1e";

describeWith(MACHINES, "a rotation of the join token", () => {
  let cluster: LiveCluster;
  let current = TOKEN;

  beforeAll(async () => (cluster = await startCluster()));
  afterAll(() => cluster?.stop());

  /** The operator's source gives another one from now on. */
  function change(token: string): void {
    writeFileSync(join(cluster.folder, "token"), `${token}\n`);
    current = token;
    cluster.testbed.forgetEvents();
  }

  const on = (host: string, script: string): Promise<string> => cluster.testbed.on(host, script);

  /** All hosts have it, root alone can read it, the cluster's data is encrypted with it, and K3s runs with it. */
  async function expectEverywhere(token: string): Promise<void> {
    for (const host of HOSTS) {
      const found = await on(host, `stat -c '%a %U' ${PATH}; cat ${PATH}`);
      expect([host, found]).toEqual([host, `400 root\n${token}\n`]);
    }
    for (const host of SERVERS) {
      expect(await on(host, "cat /var/lib/rancher/k3s/server/token")).toContain(`::server:${token}\n`);
    }
    expect(await on("alphard", "cat /cluster/token")).toBe(token);
    expect(await areAllReady(cluster)).toBe(true);
  }

  test("does nothing while the source gives the token that all hosts have", async () => {
    const { stdout } = (await cluster.rollout(...ROTATE)).mustSucceed();
    expect(stdout).toContain("Nothing to do for the token.");
    expect(restarted(cluster)).toEqual([]);
  });

  test("gives all hosts the new one, servers one by one, and shows that the old one is refused", async () => {
    const former = current;
    change(SPECIAL);
    expect((await cluster.rollout("plan")).output).toContain("rotate token gives the whole cluster");
    const { output } = (await cluster.rollout(...ROTATE)).mustSucceed();
    await expectEverywhere(SPECIAL);
    expectOneByOne(cluster);
    expect([...restarted(cluster)].sort()).toEqual([...HOSTS].sort());
    for (const host of SERVERS)
      expect(output).toMatch(
        new RegExp(`${host} +try both tokens: it admits the new token, and refuses the old one`),
      );
    expect(output).not.toContain(SPECIAL);
    // For snapshots of its time; on servers alone.
    for (const host of SERVERS) {
      const old = await on(host, `ls -l ${PATH}.until-* | cut -c1-10; cat ${PATH}.until-*`);
      expect(old).toBe(`-r--------\n${former}\n`);
    }
    expect(await on("hamal", `ls ${PATH}*`)).toBe(`${PATH}\n`);
    expect((await cluster.rollout("verify")).status).toBe(0);
  });

  test("no token is in an argument list, an environment, a log or the output of any of it", async () => {
    change("planted-canary-5ca1ab1e");
    const end = join(cluster.folder, "sampled");
    const sampling = cluster.testbed.sample("canary-5ca1ab1e", end);
    const { output } = (await cluster.rollout(...ROTATE)).mustSucceed();
    writeFileSync(end, "");
    const { samples, found } = await sampling;
    expect(samples).toBeGreaterThan(20);
    expect(found).toEqual([]);
    expect(output).not.toContain("canary");
    const logs = join(cluster.folder, ".rollout", "logs");
    for (const file of readdirSync(logs))
      expect(readFileSync(join(logs, file), "utf8")).not.toContain("canary");
    await expectEverywhere(current);
  });

  test.each([
    ["killed after", "give K3s the new token", "alphard", "done", { signal: "SIGKILL" as const }],
    ["killed after", "token", "alphard", "done", { signal: "SIGKILL" as const }],
    ["killed after", "restart K3s with the new token", "alphard", "done", { signal: "SIGKILL" as const }],
    ["killed after", "wait until it is Ready", "acrux", "done", { signal: "SIGKILL" as const }],
    ["killed after", "restart K3s with the new token", "hamal", "done", { signal: "SIGKILL" as const }],
    ["killed after", "try both tokens", "alphard", "done", { signal: "SIGKILL" as const }],
    ["disconnected in", "give K3s the new token", "alphard", "started", { drop: "alphard" }],
    ["disconnected in", "restart K3s with the new token", "acrux", "started", { drop: "acrux" }],
  ] as const)("%s: %s on %s: the next run finishes it", async (how, step, host, outcome, action) => {
    change(`planted-${how}-${step}-${host}`.replaceAll(" ", "-"));
    const { acted } = await cluster.testbed.interrupted(ROTATE, cluster.folder, {
      when: { host, step, outcome },
      after: outcome === "started" ? 0.1 : 0,
      ...action,
    });
    expect(acted).toBe(true);
    await cluster.testbed.until("K3s runs everywhere", () => areAllReady(cluster));
    (await cluster.rollout(...ROTATE)).mustSucceed();
    await expectEverywhere(current);
    expectOneByOne(cluster);
  });

  test("a server that reboots in between cannot start with the old token, and the next run brings it back first", async () => {
    change("planted-between-5ca1ab1e");
    await cluster.testbed.interrupted(ROTATE, cluster.folder, {
      when: { host: "alphard", step: "give K3s the new token", outcome: "done" },
      signal: "SIGKILL",
    });
    await cluster.testbed.powerOff("acrux");
    await cluster.testbed.powerOn("acrux");
    await cluster.testbed.until("its lease has run out", async () =>
      (await cluster.rollout("verify")).output.includes("acrux: its node is not Ready"),
    );
    cluster.testbed.forgetEvents();
    (await cluster.rollout(...ROTATE)).mustSucceed();
    expect(restarted(cluster)[0]).toBe("acrux");
    await expectEverywhere(current);
  });

  test("hosts that are off are named, and caught up by the next apply, as a plan says", async () => {
    change("planted-while-off-5ca1ab1e");
    await cluster.testbed.powerOff("mizar");
    const first = await cluster.rollout(...ROTATE);
    expect(first.status).toBe(3);
    expect(first.output).toMatch(/Not done on mizar, which did not answer/);
    await cluster.testbed.powerOn("mizar");
    const plan = await cluster.rollout("plan");
    expect(plan.output).toMatch(/mizar: .*[^]*it was off when the join token was rotated/);
    (await cluster.rollout("apply", "--yes", "--on", "mizar")).mustSucceed();
    await expectEverywhere(current);
  });

  test("is refused, with nothing changed, while a server is away whose quorum it would need", async () => {
    const former = current;
    change("planted-quorum-5ca1ab1e");
    await cluster.testbed.powerOff("alnair");
    await cluster.testbed.until("its lease has run out", async () =>
      (await cluster.rollout("verify")).output.includes("alnair: its node is not Ready"),
    );
    const { status, output } = await cluster.rollout(...ROTATE);
    expect([status, output]).toEqual([
      4,
      expect.stringContaining("K3s cannot restart on every server: without "),
    ]);
    expect(await on("alphard", "cat /cluster/token")).toBe(former);
    await cluster.testbed.powerOn("alnair");
    await cluster.testbed.until("K3s runs everywhere", () => areAllReady(cluster));
    change(former);
    await expectEverywhere(former);
  });

  test("another token than that of an interrupted rotation is the one that all get", async () => {
    change("planted-first-5ca1ab1e");
    await cluster.testbed.interrupted(ROTATE, cluster.folder, {
      when: { host: "alphard", step: "give K3s the new token", outcome: "done" },
      signal: "SIGKILL",
    });
    change("planted-second-5ca1ab1e");
    (await cluster.rollout(...ROTATE)).mustSucceed();
    await expectEverywhere(current);
  });

  test("K3s that refuses it stops it before any server has another file", async () => {
    const former = current;
    change("planted-refused-5ca1ab1e");
    cluster.testbed.setFault("alphard", "token-rotate-fails");
    const { status, output } = await cluster.rollout(...ROTATE);
    cluster.testbed.clearFault("alphard", "token-rotate-fails");
    expect(status).not.toBe(0);
    expect(output).toContain("K3s did not take the new token (HTTP status 500)");
    change(former);
    await expectEverywhere(former);
  });

  test("waits for another rollout", async () => {
    change("planted-locked-5ca1ab1e");
    const other = cluster.rollout(...ROTATE);
    await cluster.testbed.until("the other one has the lock", async () =>
      (await on("alphard", "ls /run/k3s-rollout.lock 2>/dev/null || true")).includes("lock"),
    );
    const { output } = await cluster.rollout(...ROTATE);
    expect(output).toContain("Another rollout is running");
    (await other).mustSucceed();
    await expectEverywhere(current);
  });
});

describeWith(MACHINES, "a rotation of the agents' own token", () => {
  let cluster: LiveCluster;

  beforeAll(async () => {
    const k3s = { ...REFERENCE.k3s, tokenFile: PATH, agentTokenFile: "/var/lib/k3s-secrets/agent-token" };
    const settings = { k3s, rollout: { tokenPath: "token", agentTokenPath: "agent-token" } };
    // The members come up with one token for all, and get the agents' with the first rollout.
    cluster = await startCluster({ later: settings });
    writeFileSync(join(cluster.folder, "agent-token"), "planted-agents-5ca1ab1e\n", { mode: 0o600 });
    (await cluster.rollout("apply", "--yes")).mustSucceed();
  });
  afterAll(() => cluster?.stop());

  test("goes to all servers and then to the agents, leaves the servers' token, and the old one is refused", async () => {
    cluster.testbed.forgetEvents();
    writeFileSync(join(cluster.folder, "agent-token"), "planted-newer-5ca1ab1e\n");
    const { output } = (await cluster.rollout(...ROTATE)).mustSucceed();
    expect(output).not.toContain("give K3s the new token");
    expect(output).toMatch(/alphard +try both tokens: it admits the new token, and refuses the old one/);
    expectOneByOne(cluster);
    for (const host of HOSTS)
      expect(await cluster.testbed.on(host, "cat /var/lib/k3s-secrets/agent-token")).toBe(
        "planted-newer-5ca1ab1e\n",
      );
    expect(await cluster.testbed.on("alphard", "cat /cluster/token")).toBe(TOKEN);
  });
});
