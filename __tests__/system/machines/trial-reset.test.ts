/**
 * Hosts that do not come back from a boot on trial, and are reset through Proxmox VE's API (`testbed/pve`, over TLS), which switches
 * the machine off and on.
 */
import { writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { Pve } from "../../../testbed/pve/pve";
import { EVERYTHING, type Grants } from "../../../testbed/pve/token";
import { describeWith } from "../tools";
import { type LiveCluster, type Result, THREE } from "./cluster";
import { changingHamal, type Hamal } from "./hamal";
import { MACHINES } from "./tools";

const QUICK = [
  ...["apply", "--on", "hamal", "--yes", "--reset-hung"],
  ...["--confirm-seconds", "3", "--reboot-seconds", "4"],
] as const;

/** Passes what comes to a port of the operator's machine on to a socket. */
const FORWARD = `
const { createServer, connect } = require("node:net");
createServer((from) => {
  const to = connect(process.argv[1]);
  for (const socket of [from, to]) socket.on("error", () => { from.destroy(); to.destroy(); });
  from.pipe(to).pipe(from);
}).listen(8006, "127.0.0.1");`;

describeWith(MACHINES, "a host that hangs in its boot on trial", () => {
  let cluster: LiveCluster;
  let hamal: Hamal;
  let pve: Pve;
  let entrance: Server;
  let kernels = 0;
  let tokens = 0;

  changingHamal((...started) => ([cluster, hamal] = started), THREE);

  beforeAll(async () => {
    pve = new Pve({ nodes: ["pve", "pve2"], storages: ["Cesspool-VM"] });
    await pve.listen();
    for (const { hostname, vmId } of cluster.testbed.nodes) {
      // It has been migrated.
      pve.inventory.add(vmId, "pve2", { name: hostname });
      const vm = pve.inventory.vm("pve2", vmId);
      vm.start();
      vm.reset = () => void powerCycle(hostname);
    }
    const socket = join(cluster.folder, "pve.socket");
    entrance = createServer((from) => passOn(from, Number(new URL(pve.endpoint).port)));
    await new Promise<void>((resolve) => entrance.listen(socket, resolve));
    writeFileSync(join(cluster.folder, "ca.pem"), pve.ca);
    const start = 'setsid "$0" -e "$1" "$2" </dev/null >/dev/null 2>&1 &';
    await cluster.testbed.operator(["sh", "-c", start, process.execPath, FORWARD, socket], cluster.folder);
  });
  afterAll(async () => {
    entrance.close();
    await pve.leave();
  });
  afterEach(() => (pve.journal.length = 0));

  async function powerCycle(hostname: string): Promise<void> {
    const { testbed } = cluster;
    if (testbed.isOn(hostname)) await testbed.powerOff(hostname);
    await testbed.until("it is off", () => !testbed.isOn(hostname));
    await testbed.powerOn(hostname);
  }

  const environment = (grants: Grants = EVERYTHING): Record<string, string> => ({
    PROXMOX_VE_ENDPOINT: "https://127.0.0.1:8006/",
    PROXMOX_VE_API_TOKEN: pve.addToken(`reset${++tokens}`, grants),
    SSL_CERT_FILE: join(cluster.folder, "ca.pem"),
  });

  const rollout = (grants?: Grants): Promise<Result> => cluster.rolloutWith(environment(grants), ...QUICK);

  const running = async (): Promise<string> =>
    (await cluster.testbed.on("hamal", "readlink -f /run/current-system")).trim();

  const newKernel = (): void => {
    hamal.change();
    cluster.testbed.setFault("hamal", "kernel", `6.12.20${++kernels}`);
  };

  const resets = (): string[] =>
    pve.journal.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`);

  /** It is what it was, and no trial is open: also after it has booted once more. */
  const isItself = async (before: string): Promise<void> => {
    await cluster.testbed.until(
      "it is on its former system, and its trial has ended",
      async () => {
        if (!cluster.testbed.isOn("hamal")) return false;
        const { status } = await cluster.testbed.attempt("hamal", "[ ! -e /var/lib/k3s-rollout/trial ]");
        return status === 0 && (await hamal.state()) === before && (await cluster.admitsSsh("hamal"));
      },
      60,
    );
    expect(await cluster.testbed.on("hamal", "grub-editenv /boot/grub/grubenv list")).toBe("");
  };

  test("is reset, wherever its VM is, and the rollout ends when it is seen on its former system", async () => {
    newKernel();
    const before = await hamal.state();
    cluster.testbed.setFault("hamal", "panics", await running());
    const { status, output } = await rollout();
    expect([status, output]).toEqual([
      1,
      expect.stringMatching(
        /hamal did not come back from its boot on trial \(.*\). Its VM 135 was reset through Proxmox VE, and it runs its previous system, which is also its boot default/,
      ),
    ]);
    expect(resets()).toEqual(["POST nodes/pve2/qemu/135/status/reset"]);
    expect(output).not.toContain("00000000-0000-4000-8000");
    await isItself(before);
    expect(cluster.testbed.kubeNode("hamal")?.spec.unschedulable ?? false).toBe(false);
  });

  test("is not reset when it reverts by itself", async () => {
    newKernel();
    cluster.testbed.setFault("hamal", "panics-and-reboots", await running());
    await hamal.isLeftBy(() => rollout(), 1, /it did not get as far as systemd/);
    expect(resets()).toEqual([]);
  });

  test("is changed only if it could be reset", async () => {
    newKernel();
    const isRefused = (result: () => Promise<Result>, words: string): Promise<void> =>
      hamal.isLeftBy(result, result === halfSet ? 1 : 4, words);
    const halfSet = (): Promise<Result> =>
      cluster.rolloutWith({ PROXMOX_VE_API_TOKEN: environment().PROXMOX_VE_API_TOKEN ?? "" }, ...QUICK);
    await isRefused(halfSet, "--reset-hung needs PROXMOX_VE_ENDPOINT");
    await isRefused(
      () => rollout({ "/": ["VM.Audit"] }),
      "hamal: the token of PROXMOX_VE_API_TOKEN may not reset VM 135: it needs VM.PowerMgmt on /vms/135",
    );
    const { options } = pve.inventory.vm("pve2", 135);
    options.set("name", "nextcloud");
    await isRefused(() => rollout(), "hamal: VM 135 is named nextcloud in Proxmox VE, and not hamal");
    options.set("name", "hamal");
    expect(hamal.boots()).toBe(0);
  });

  test("is reset by consent that was asked for once", async () => {
    newKernel();
    const main = cluster.testbed.program;
    const words = QUICK.filter((word) => word !== "--yes");
    const command = [process.execPath, main, "rollout", ...words].join(" ");
    const typed = `(sleep 6; echo n; sleep 2) | script -qec "${command}" /dev/null`;
    const { stdout } = await cluster.testbed.operator(["sh", "-c", typed], cluster.folder, environment());
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "Roll out to these hosts, and reset in Proxmox VE the VM of each that does not come back from a boot on trial?",
    );
    expect(hamal.boots()).toBe(0);
  });

  // Without a person: what each has done, in order.
  const ENDS = ["panics", "panics-and-reboots", "hangs-before-sshd", "no-network", "K3s dead", "power cut"];

  test("or ends in any other way, ten times in a row, is on its former system at the end", async () => {
    const before = await hamal.state();
    const former = await running();
    for (let turn = 0; turn < 10; turn++) {
      const end = ENDS[Math.floor(Math.random() * ENDS.length)] ?? "";
      newKernel();
      if (end === "K3s dead" || end === "power cut") {
        cluster.testbed.setFault("hamal", "k3s-version", "v1.34.1+k3s1");
        cluster.testbed.setFault("hamal", "k3s-hangs", "v1.34.1+k3s1");
      } else {
        cluster.testbed.setFault("hamal", end, former);
      }
      const ended = rollout();
      if (end === "power cut") {
        const milliseconds = 1500 + Math.random() * 6000;
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        await powerCycle("hamal");
      }
      const { status, output } = await ended;
      try {
        expect(status).not.toBe(0);
        await isItself(before);
      } catch (error) {
        throw new Error(`turn ${turn}, ${end}: ${output}`, { cause: error });
      }
      await cluster.testbed.on("hamal", "rm -f /faults/*");
    }
  }, 600_000);
});

function passOn(from: Socket, port: number): void {
  const to = connect(port, "127.0.0.1");
  for (const socket of [from, to])
    socket.on("error", () => {
      from.destroy();
      to.destroy();
    });
  from.pipe(to).pipe(from);
}
