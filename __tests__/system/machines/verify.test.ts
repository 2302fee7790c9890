import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ExitCode } from "../../../src/cli/exit-code";
import { ALPHARD, HAMAL, REFERENCE } from "../../fixture";
import { schemaFaults, type SchemaName } from "../../json-schema";
import { textOf } from "../../markdown";
import { describeWith } from "../tools";
import { LiveCluster, THREE } from "./cluster";
import { MACHINES } from "./tools";

describeWith(MACHINES, "verify", () => {
  let cluster: LiveCluster;

  beforeAll(async () => (cluster = await LiveCluster.start(THREE)));
  afterAll(() => cluster?.stop());

  const faults = async (): Promise<string[]> => {
    const { status, output } = await cluster.rollout("verify");
    const found = [...output.matchAll(/^ {2}! (.*)$/gm)].map(([, fault = ""]) => fault);
    expect(status).toBe(found.length === 0 ? 0 : 1);
    return found;
  };

  test("prints a table that a person can read", async () => {
    const { stdout } = (await cluster.rollout("verify")).mustSucceed();
    expect(stdout)
      .toBe(`node     role    address       K3s           ready  reaches  certs  firewall    dropped
alphard  server  172.22.0.134  v1.34.2+k3s1  yes    2/2      364 d  as emitted  forged 0, input 0, forward 0
hamal    agent   172.22.0.135  v1.34.2+k3s1  yes    2/2      364 d  as emitted  forged 0, input 0, forward 0
mizar    agent   172.22.0.136  v1.34.2+k3s1  yes    2/2      364 d  as emitted  forged 0, input 0, forward 0

Days left: certificate authorities 3649 d

The cluster matches main.ts.
`);
    expect(textOf("docs/how-to/roll-out.md")).toContain(stdout);
  });

  test("an apply with nothing to do needs at most 4 connections to each host", async () => {
    const count = async (host: string): Promise<number> =>
      Number(await cluster.testbed.on(host, "grep -c 'Accepted publickey' /var/log/sshd || true"));
    for (const host of ["alphard", "hamal", "mizar"]) {
      const before = await count(host);
      if (host === "alphard") (await cluster.rollout("apply", "--yes")).mustSucceed();
      else (await cluster.rollout("apply", "--yes", "--on", host)).mustSucceed();
      expect((await count(host)) - before).toBeLessThanOrEqual(4);
    }
  });

  test.each<[SchemaName, ...string[]]>([
    ["rollout#plan", "plan"],
    ["rollout#verification", "verify"],
    ["rollout#verification", "apply", "--yes"],
    ["rollout#failure", "remove", "alphard", "--yes"],
  ])(
    "the last document is %s, and every other is in the schema: rollout %s --json",
    async (last, ...words) => {
      const { stdout, stderr } = await cluster.rollout(...words, "--json");
      const [results, events] = [stdout, stderr].map((text) =>
        text
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line) as unknown),
      ) as [unknown[], unknown[]];
      expect(events.length).toBeGreaterThan(1);
      expect(events.flatMap((event) => schemaFaults("rollout#event", event))).toEqual([]);
      expect(results.flatMap((result) => schemaFaults("rollout", result))).toEqual([]);
      expect(schemaFaults(last, results.at(-1))).toEqual([]);
    },
  );

  test("objects of manifests are applied once the cluster is verified, and never again unless they change", async () => {
    const file = join(cluster.folder, "objects.json");
    const secret = "planted-0b5e55ed";
    const settings = (mode: string): void => {
      const objects = [
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "add-on" }, data: { mode } },
        {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "password" },
          stringData: { password: secret },
        },
      ];
      writeFileSync(file, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
    };
    settings("a");
    cluster.emit(THREE, { k3s: { ...REFERENCE.k3s, manifests: [file] } });
    const applied = (): string[] =>
      cluster.testbed.events().filter((event) => event.includes("kubectl apply"));
    const plan = await cluster.rollout("plan", "--detailed-exitcode");
    expect([plan.status, plan.stdout, applied()]).toEqual([
      2,
      expect.stringMatching(
        /alphard: unchanged[^]*manifests: 2 of 2 objects\n {2}ConfigMap default\/add-on: new/,
      ),
      [],
    ]);
    // An apply to some hosts is about these.
    (await cluster.rollout("apply", "--yes", "--on", "hamal")).mustSucceed();
    expect(applied()).toEqual([]);

    const first = (await cluster.rollout("apply", "--yes")).mustSucceed();
    expect(first.stdout).toMatch(/The cluster matches main\.ts\.[^]*Applied the manifests:\n {2}ConfigMap/);
    expect(applied()).toHaveLength(3);
    const second = (await cluster.rollout("apply", "--yes")).mustSucceed();
    expect(second.stdout).toContain("manifests: unchanged");
    settings("b");
    (await cluster.rollout("apply", "--yes")).mustSucceed();
    expect(applied().slice(3)).toEqual(["alphard kubectl apply ConfigMap add-on"]);

    await cluster.testbed.on("alphard", "touch /faults/api-repeats");
    const refused = await cluster.rollout("plan", "--json");
    await cluster.testbed.on("alphard", "rm /faults/api-repeats");
    expect(refused.output).toMatch(/Secret password: the API's words are not shown/);

    const logs = ["alphard", "hamal", "mizar", "cluster"].map((host) => cluster.log(host)).join("\n");
    const reported = [...logs.matchAll(/@\w+ ([A-Za-z0-9+/=]+)/g)].map(([, value = ""]) =>
      Buffer.from(value, "base64").toString(),
    );
    const outputs = [plan, first, second, refused].map(({ output }) => output);
    const everything = [...outputs, logs, ...reported].join("\n");
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(Buffer.from(secret).toString("base64"));
    cluster.emit(THREE);
  });

  test("prints JSON for a program", async () => {
    const { nodes } = JSON.parse((await cluster.rollout("verify", "--json")).mustSucceed().stdout) as {
      nodes: { name: string; faults: string[] }[];
    };
    expect(nodes.map(({ name, faults }) => [name, faults])).toEqual([
      ["alphard", []],
      ["hamal", []],
      ["mizar", []],
    ]);
  });

  test("repeats until it is told to stop", async () => {
    const { status, said } = await cluster.testbed.interrupted(["verify", "--watch", "1"], cluster.folder, {
      when: { host: "cluster", step: "verify", outcome: "done" },
      times: 3,
      signal: "SIGINT",
    });
    expect(status).toBe(0);
    expect(
      said.split("\n").filter((line) => line.startsWith('{"formatVersion":1,"nodes":[')).length,
    ).toBeGreaterThan(1);
  });

  test.each<[string, string, string, string, string[]]>([
    [
      "a kernel that forwards nothing of pods",
      "hamal",
      "echo 0 >/proc/sys/net/ipv4/ip_forward",
      "systemctl restart systemd-sysctl",
      [
        "hamal: its kernel does not forward packets of pods (net.ipv4.conf.*.forwarding is not 1 for all, default",
      ],
    ],
    [
      "a rule that was added by hand",
      "hamal",
      "nft add rule inet k3s_host input tcp dport 9999 accept",
      "systemctl reload nftables",
      ["hamal: its firewall differs from the emitted one: added: rule input"],
    ],
    [
      "a firewall that was taken away",
      "hamal",
      "nft delete table inet k3s_host",
      "systemctl reload nftables",
      ["hamal: its firewall differs from the emitted one: table inet k3s_host is not loaded"],
    ],
    [
      "pods that cannot reach another host",
      "mizar",
      "ip link set flannel.1 down",
      "ip link set flannel.1 up; for n in 134 135; do ip route add 10.42.$n.0/24 via 10.42.$n.0 dev flannel.1 onlink; ip neighbour replace 10.42.$n.0 lladdr 0e:00:00:00:00:$(printf %x $n) dev flannel.1 nud permanent; done",
      [
        "alphard: pods of mizar cannot be reached",
        "hamal: pods of mizar cannot be reached",
        "mizar: pods of alphard",
        "mizar: pods of hamal",
      ],
    ],
    ["another hostname", "mizar", "hostname nixos", "hostname mizar", ["mizar: its hostname is nixos"]],
    [
      "another boot default",
      "mizar",
      "ln -sfn /nix/store/6.12.1-kernel /nix/var/nix/profiles/system",
      "ln -sfn system-1-link /nix/var/nix/profiles/system",
      ["mizar: the running system is not the boot default"],
    ],
  ])("finds %s", async (_, host, spoil, mend, expected) => {
    await cluster.testbed.on(host, spoil);
    const found = await faults();
    await cluster.testbed.on(host, mend);
    expect(found).toHaveLength(expected.length);
    expected.forEach((fault) => expect(found).toContainEqual(expect.stringContaining(fault)));
    expect(await faults()).toEqual([]);
  });

  test("finds an unknown node, and a cordoned one", async () => {
    cluster.emit([ALPHARD, HAMAL]);
    await cluster.testbed.on("alphard", "kubectl cordon hamal");
    const found = await faults();
    await cluster.testbed.on("alphard", "kubectl uncordon hamal");
    cluster.emit(THREE);
    expect(found).toContain("mizar is a node of the cluster but not in main.ts");
    expect(found).toContain("hamal: it is cordoned");
  });

  describe("watching", () => {
    const watched = async (outcome: "started" | "done"): Promise<[number | string, number]> => {
      // Longer than this test takes.
      const { status, said } = await cluster.testbed.interrupted(
        ["verify", "--watch", "6000"],
        cluster.folder,
        {
          when: { host: "cluster", step: "verify", outcome },
          after: outcome === "done" ? 0.5 : 0,
          signal: "SIGINT",
        },
      );
      return [status, said.match(/^\{"formatVersion":1,"nodes":/gm)?.length ?? 0];
    };

    test.each(["started", "done"] as const)(
      "ends when it is asked to, its look just %s, with the exit code of that",
      async (outcome) => {
        expect(await watched(outcome)).toEqual([0, 1]);
        await cluster.testbed.on("alphard", "kubectl cordon hamal");
        expect(await watched(outcome)).toEqual([1, 1]);
        await cluster.testbed.on("alphard", "kubectl uncordon hamal");
      },
    );
  });

  test("counts the packets that the firewall has dropped", async () => {
    await cluster.testbed.operator(
      ["sh", "-c", "timeout 1 bash -c 'cat </dev/tcp/172.22.0.135/9999' || true"],
      cluster.folder,
    );
    const { stdout } = (await cluster.rollout("verify", "--on", "hamal")).mustSucceed();
    expect(stdout).toMatch(/hamal .* forged 0, input [1-9]\d*, forward 0/);
  });

  test("fails where a certificate expires soon, and a restart of K3s mends that", async () => {
    const file = "/var/lib/rancher/k3s/agent/serving-kubelet.crt";
    const words =
      "-days 13 -subj /CN=hamal -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /tmp/key";
    await cluster.testbed.on(
      "hamal",
      `openssl req -config /programs/openssl.cnf -x509 ${words} -out ${file} 2>/dev/null`,
    );
    const { stdout } = await cluster.rollout("verify", "--json");
    expect(stdout).toContain('"certificates":{"issued":12,');
    expect(await faults()).toEqual([
      expect.stringMatching(
        /^hamal: its certificate agent\/serving-kubelet\.crt expires in 12 days: restart K3s on it/,
      ),
    ]);
    await cluster.testbed.on("hamal", "systemctl stop k3s; systemctl start k3s");
    await cluster.testbed.until("it is renewed", async () => (await faults()).length === 0);
  });

  test("shows how long the operator's kubeconfig is valid, and keys leave no host", async () => {
    const path = join(cluster.folder, "own-kubeconfig");
    (await cluster.rollout("kubeconfig", "--output", path)).mustSucceed();
    const { stdout } = await cluster.rolloutWith({ KUBECONFIG: path }, "verify");
    expect(stdout).toContain(`Days left: certificate authorities 3649 d, ${path} 364 d`);
    const key = (await cluster.testbed.on("alphard", "sed -n 2p /programs/issued.key")).trim();
    expect(key).toHaveLength(64);
    for (const part of [key, Buffer.from(key).toString("base64").slice(3, 60)])
      expect(cluster.log("alphard")).not.toContain(part);
    rmSync(path);
  });

  test("finds a service that does not run", async () => {
    await cluster.testbed.on("mizar", "systemctl stop k3s");
    await cluster.testbed.until("its lease has run out", async () =>
      (await faults()).some((fault) => fault.includes("not Ready")),
    );
    expect(await faults()).toEqual(["mizar: its node is not Ready", "mizar: K3s is inactive"]);
    await cluster.testbed.on("mizar", "systemctl start k3s");
    await cluster.testbed.until("all is well again", async () => (await faults()).length === 0);
  });

  test("does not report success without an API", async () => {
    await cluster.testbed.powerOff("alphard");
    const found = await faults();
    expect(found).toContainEqual(expect.stringContaining("The Kubernetes API cannot be asked"));
    expect(found).toContainEqual(expect.stringContaining("alphard: no SSH connection to 172.22.0.134"));
    await cluster.testbed.powerOn("alphard");
    await cluster.testbed.until("all is well again", async () => (await faults()).length === 0);
  });

  test("capture takes no mounts of pods for the host's filesystems, and unmounts none of them", async () => {
    const path = join(cluster.folder, "nix", "k3s-agent", "hardware-configuration.nix");
    const before = readFileSync(path);
    const pod = "/var/lib/kubelet/pods/0d5c1a52-6c1e-4d4e-9d61-1c2f5f0c3c11";
    const mounts = `
mkdir -p "${pod}/volumes/kubernetes.io~projected/kube-api-access-x7k2p" "${pod}/volume-subpaths/with blank"
mount -t tmpfs tmpfs ${pod}/volumes/kubernetes.io~projected/kube-api-access-x7k2p
mount --bind /var/log "${pod}/volume-subpaths/with blank"
mount -t tmpfs tmpfs "${pod}/volume-subpaths/with blank"`;
    await cluster.testbed.on("hamal", mounts);
    const { stdout } = (await cluster.rollout("capture", "hamal")).mustSucceed();
    expect(textOf("docs/how-to/roll-out.md")).toContain(`$ npm run rollout -- capture hamal\n${stdout}`);
    const stored = readFileSync(path, "utf8");
    expect(stored).not.toContain("kubelet");
    expect(stored).toContain('fileSystems."/" =');
    expect(stored).toContain("networking.useDHCP = lib.mkDefault true;");
    writeFileSync(path, before);
    expect(await cluster.testbed.on("hamal", `grep -c ${pod} /proc/self/mountinfo`)).toBe("3\n");

    await cluster.testbed.on(
      "hamal",
      "mkdir -p /srv/scratch /srv/log; mount -t tmpfs tmpfs /srv/scratch; mount --bind /var/log /srv/log",
    );
    const { status, output } = await cluster.rollout("capture", "hamal");
    expect([status, output]).toEqual([
      4,
      expect.stringContaining("/srv/scratch (tmpfs), /srv/log (a bind mount). Unmount it there"),
    ]);
    expect(readFileSync(path)).toEqual(before);
    // What the running system mounts by its configuration is also mounted at its next boot.
    await cluster.testbed.on(
      "hamal",
      "echo 'tmpfs /srv/scratch tmpfs x-initrd.mount 0 0' >/etc/fstab; umount /srv/log",
    );
    (await cluster.rollout("capture", "hamal")).mustSucceed();
    expect(readFileSync(path, "utf8")).toContain('fileSystems."/srv/scratch" =');
    writeFileSync(path, before);
  });

  test("capture stores the hardware configuration of the right host, and of no other", async () => {
    const path = join(cluster.folder, "nix", "k3s-agent", "hardware-configuration.nix");
    const before = readFileSync(path);
    const { stdout } = (await cluster.rollout("capture", "hamal", "--json")).mustSucceed();
    const document = JSON.parse(stdout) as unknown;
    expect(schemaFaults("rollout#captured", document)).toEqual([]);
    expect(document).toMatchObject({ captured: "nix/k3s-agent/hardware-configuration.nix" });
    expect(readFileSync(path, "utf8")).toMatch(
      /^# Captured from hamal; HostFiles leaves this file alone\.\n# Do not modify this file!/,
    );
    (await cluster.rollout("apply", "--on", "hamal", "--yes")).mustSucceed();
    await cluster.testbed.on("hamal", "ip link set ens18 address bc:24:11:b3:ed:99");
    const other = await cluster.rollout("capture", "hamal");
    await cluster.testbed.on("hamal", "ip link set ens18 address bc:24:11:b3:ed:02");
    expect([other.status, other.output]).toEqual([
      4,
      expect.stringContaining("has MAC address BC:24:11:B3:ED:02, hamal's; nothing was stored"),
    ]);
    writeFileSync(path, before);
  });

  test("kubeconfig has the cluster's own address and name, for its owner's eyes", async () => {
    const path = join(cluster.folder, "kubeconfig");
    const words = ["kubeconfig", "--output", path, "--name", "home"];
    const { stdout } = (await cluster.rollout(...words)).mustSucceed();
    expect(textOf("docs/how-to/roll-out.md")).toContain(
      `$ npm run rollout -- kubeconfig --name home\n${stdout.replace(path, "~/.kube/config")}`,
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(parse(readFileSync(path, "utf8"))).toMatchObject({
      "current-context": "home",
      clusters: [{ name: "home", cluster: { server: "https://172.22.0.134:6443" } }],
      users: [{ name: "home" }],
    });
    const printed = (await cluster.rollout("kubeconfig", "--print")).mustSucceed();
    expect(parse(printed.stdout)).toMatchObject({ "current-context": "k3s" });
    expect(cluster.log("alphard")).not.toContain("cGxhbnRlZC1jbGllbnQta2V5");
    rmSync(path);
  });

  test("a kubeconfig in which somebody put a program is refused, and nothing is written", async () => {
    const path = join(cluster.folder, "refused");
    const file = "/etc/rancher/k3s/k3s.yaml";
    await cluster.testbed.on(
      "alphard",
      `cp ${file} /tmp/k; printf '    exec: {command: touch, args: [/tmp/ran]}\\n' >>${file}`,
    );
    const { status, output } = await cluster.rollout("kubeconfig", "--output", path);
    await cluster.testbed.on("alphard", `cp /tmp/k ${file}`);
    expect([status, output]).toEqual([
      4,
      expect.stringContaining("user.exec is not a field that K3s writes"),
    ]);
    expect(existsSync(path)).toBe(false);
  });

  describe("simulate --live", () => {
    beforeAll(() => cluster.testbed.addPod("web", "hamal"));

    test("says what the loss of a node costs the pods that run, and changes nothing", async () => {
      const before = cluster.testbed.events();
      const { stdout } = (await cluster.simulate("--live")).mustSucceed();
      expect(cluster.testbed.events()).toEqual(before);
      expect(stdout).toContain(
        "agent hamal**: 1 pod runs there. No ready replica is left of deployment/web of default.",
      );
      const { live } = JSON.parse((await cluster.simulate("--live", "--json")).mustSucceed().stdout) as {
        live: { losses: { nodes: string[]; moves?: object }[] };
      };
      expect(live.losses).toContainEqual(
        expect.objectContaining({
          nodes: ["hamal"],
          moves: { refused: [], pending: [], wanted: 64 * 1024 ** 2, free: 2048 * 1024 ** 2 },
        }),
      );
    });

    test("an API that does not answer is an error by the server's name, also for a program", async () => {
      cluster.testbed.setFault("alphard", "api-not-ready");
      const { status, stdout, stderr } = await cluster.simulate("--live");
      const failure = await cluster.simulate("--live", "--json");
      cluster.testbed.clearFault("alphard", "api-not-ready");
      expect([status, stdout]).toEqual([ExitCode.Unreachable, ""]);
      expect(stderr).toContain("kubectl get nodes on alphard: Error from server (ServiceUnavailable)");
      expect(JSON.parse(failure.stdout)).toMatchObject({ code: "unavailable" });
    });
  });
});
