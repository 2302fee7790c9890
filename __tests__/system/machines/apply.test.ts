import { fenced, textOf } from "../../markdown";
import { describeWith } from "../tools";
import { ALNAIR, LiveCluster, THREE } from "./cluster";
import { MACHINES } from "./tools";

const [, APPLY_SAMPLE = ""] = fenced(textOf("docs/how-to/roll-out.md"), "");

/** Without what differs from run to run. */
const timeless = (text: string): string =>
  text.replace(/\d+\.\d s/g, "0.0 s").replace(/\d{4}-\d\d-\d\dT[\d-]+Z/g, "DATE");

describeWith(MACHINES, "an agent is added to three machines", () => {
  let cluster: LiveCluster;

  beforeAll(async () => (cluster = await LiveCluster.start(THREE, [...THREE, ALNAIR])));
  afterAll(() => cluster?.stop());

  test("plan says so, and changes nothing", async () => {
    const { stdout } = (await cluster.rollout("plan")).mustSucceed();
    expect(textOf("docs/how-to/roll-out.md")).toContain(`$ npm run rollout -- plan\n${stdout}`);
    expect(stdout).toContain(
      "hamal: changed  NixOS 25.11.20261101.abcdef0, K3s v1.34.2+k3s1\n  nftables.nft:\n      + 172.22.0.137",
    );
    expect(stdout).toContain("alnair: new: will be installed and join the cluster");
    expect((await cluster.rollout("plan", "--detailed-exitcode")).status).toBe(2);
    expect(cluster.testbed.events()).toEqual([]);
  });

  test("a new host is not changed alone while the others would not admit it", async () => {
    const { status, output } = await cluster.rollout("apply", "--on", "alnair", "--yes");
    expect(status).toBe(4);
    expect(output).toContain(
      "alphard, hamal, mizar would not admit alnair yet: npm run rollout -- apply --on alphard,hamal,mizar,alnair",
    );
    expect(cluster.testbed.events()).toEqual([]);
  });

  test("without a terminal to ask, nothing is changed", async () => {
    const { status, output } = await cluster.rollout("apply");
    expect([status, output]).toEqual([
      64,
      expect.stringContaining("There is no terminal to ask for consent: pass --yes"),
    ]);
    expect(cluster.testbed.events()).toEqual([]);
  });

  test.each(["no", "y", ""])(
    "a person at the terminal is asked, and '%s' changes nothing",
    async (answer) => {
      const { status, output } = await cluster.answered(answer, "apply");
      expect(output).toContain("Roll out to these hosts? Only 'yes' is accepted:");
      expect([status, output]).toEqual([4, expect.stringContaining("Cancelled: you did not answer yes")]);
      expect(cluster.testbed.events()).toEqual([]);
    },
  );

  test("apply brings it to all, members first, and verifies it", async () => {
    const { output, stdout } = (await cluster.rollout("apply", "--yes")).mustSucceed();
    expect(stdout).toContain("The cluster matches main.ts.");
    const [title = "", ...sample] = APPLY_SAMPLE.split("\n");
    expect(title).toBe("$ npm run rollout -- apply");
    expect(sample.filter((line) => line !== "..." && !timeless(output).includes(timeless(line)))).toEqual([]);
    const events = cluster.testbed.events().map((event) => event.replace(/ [0-9a-f]{6}$/, ""));
    const at = (event: string): number => {
      expect(events).toContain(event);
      return events.lastIndexOf(event);
    };
    const builds = events.slice(0, 4).sort();
    expect(builds).toEqual(["alnair build", "alphard build", "hamal build", "mizar build"]);
    // Agents at the same time.
    for (const agent of ["hamal", "mizar"]) {
      expect(at(`${agent} activate`)).toBeLessThan(
        Math.min(at("hamal boot-default"), at("mizar boot-default")),
      );
    }
    for (const agent of ["hamal", "mizar"])
      expect(at(`${agent} boot-default`)).toBeLessThan(at("alphard activate"));
    expect(at("alphard boot-default")).toBeLessThan(at("alnair activate"));
    expect(events.slice(at("alnair activate"))).toEqual([
      "alnair activate",
      "alnair reload nftables",
      "alnair k3s start",
      "alnair joined v1.34.2+k3s1",
      "alnair boot-default",
      "alnair reboot",
      "alnair boot",
      "alnair k3s start",
      "alnair joined v1.34.2+k3s1",
    ]);
    // Only the new host gets another hostname, and so has a reason to reboot.
    expect(events.filter((event) => event.endsWith(" reboot"))).toEqual(["alnair reboot"]);
  });

  test("each host has the emitted files, and keeps its former ones", async () => {
    const files = await cluster.testbed.on("alnair", "ls /etc/nixos; cat /etc/nixos.2*/configuration.nix");
    expect(files).toMatch(
      /^configuration\.nix\nhardware-configuration\.nix\nk3s-agent\.nix\nnftables\.nft\n\{\n {2}networking\.hostName = "nixos"/,
    );
    expect(await cluster.testbed.on("alnair", "stat -c '%a %U' /var/lib/k3s-secrets/token")).toBe(
      "400 root\n",
    );
  });

  test("a second apply has nothing to do", async () => {
    cluster.testbed.forgetEvents();
    const { stdout } = (await cluster.rollout("apply", "--yes")).mustSucceed();
    expect(stdout).toMatch(
      /^alphard: unchanged.*\nhamal: unchanged.*\nmizar: unchanged.*\nalnair: unchanged/,
    );
    expect(cluster.testbed.events()).toEqual([]);
    expect((await cluster.rollout("plan", "--detailed-exitcode")).status).toBe(0);
  });

  test("a host that is not named is not touched", async () => {
    cluster.emit([...THREE, { ...ALNAIR, nodeLabels: { disk: "ssd" } }]);
    cluster.testbed.forgetEvents();
    (await cluster.rollout("apply", "--on", "hamal", "--yes")).mustSucceed();
    expect(cluster.testbed.events()).toEqual([]);
    (await cluster.rollout("apply", "--on", "alnair", "--yes")).mustSucceed();
    expect(new Set(cluster.testbed.events().map((event) => event.split(" ")[0]))).toEqual(
      new Set(["alnair"]),
    );
  });
});
