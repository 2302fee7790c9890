/** Resets over SSH to a PVE node behind a real SSH server. Stand-ins are qm and pvesh (`testbed/pve-node`). */
import fs from "node:fs";
import { join } from "node:path";
import type { Node } from "../../src/config/model";
import { fingerprint, HostKeys } from "../../src/rollout/host-keys";
import { Log } from "../../src/rollout/log";
import { Resetter, resetterOf } from "../../src/rollout/reset";
import { SshReset } from "../../src/rollout/reset-by-ssh";
import { Redactor } from "../../src/rollout/secrets";
import { Ssh } from "../../src/rollout/ssh";
import { PveMachine } from "../../testbed/pve-node/pve-node";
import { newFolder } from "./clusters";
import { MACHINES } from "./machines/tools";
import { describeWith } from "./tools";

const HAMAL = { hostname: "hamal", vmId: 135, vm: { pveNode: "pve" } } as Node;

describeWith(MACHINES, "a reset over SSH", () => {
  let folder: string;
  let pve: PveMachine;
  let ssh: Ssh;

  beforeAll(async () => {
    folder = newFolder();
    fs.mkdirSync(join(folder, "pve"));
    pve = new PveMachine(join(folder, "pve"));
    await pve.start();
    // As in an operator's ~/.ssh/config.
    const client = pve.path("client", "ssh");
    fs.writeFileSync(client, fs.readFileSync(client, "utf8").replace('"$@"', '-o HostName=127.0.0.1 "$@"'));
    jest.replaceProperty(process, "env", { ...process.env, PATH: pve.clientPath });
  });
  beforeEach(() => {
    pve.put("guests/135", "name: hamal\nstatus: running\n");
    fs.rmSync(pve.path("calls"), { force: true });
    const keys = new HostKeys(join(folder, "known_hosts"), join(folder, "seen"));
    ssh = new Ssh(keys, new Log(join(folder, "logs"), new Redactor(), () => undefined));
  });
  afterEach(() => ssh.stop());
  afterAll(() => {
    jest.restoreAllMocks();
    pve.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const resetter = (): Resetter => new Resetter(new SshReset(ssh, ["pve"]));

  test("is what --reset-hung does without an API token, on the node that main.ts names", async () => {
    const chosen = resetterOf({}, ssh, [HAMAL]);
    await chosen.check([HAMAL]);
    expect(pve.changes).toEqual([]);
    await chosen.reset(HAMAL);
    expect(pve.changes).toEqual(["qm reset 135"]);
  });

  test("shows the node's SSH host key before, which is pinned by consent", async () => {
    const asked = resetter();
    await asked.check([HAMAL]);
    const [contact] = asked.contacts();
    expect(contact?.unpinnedKeys().map(fingerprint)).toEqual([expect.stringMatching(/^SHA256:/)]);
  });

  test.each([
    [
      "another VM has its ID",
      "name: nextcloud\nstatus: running\n",
      "VM 135 is named nextcloud in Proxmox VE",
    ],
    ["it has no VM", undefined, "Proxmox VE shows no VM 135"],
  ])("is refused when %s", async (_, guest, why) => {
    if (guest === undefined) fs.rmSync(pve.path("guests", "135"));
    else pve.put("guests/135", guest);
    await expect(resetter().check([HAMAL])).rejects.toThrow(why);
    await expect(resetter().reset(HAMAL)).rejects.toThrow(why);
    expect(pve.changes).toEqual([]);
  });

  test("fails in qm's words", async () => {
    pve.put("guests/135", "name: hamal\nstatus: stopped\n");
    await expect(resetter().reset(HAMAL)).rejects.toThrow("VM 135 not running");
  });

  test("is no way while a token is there, which lacks its endpoint", () => {
    const env = { PROXMOX_VE_API_TOKEN: "root@pam!x=00000000-0000-4000-8000-000000000000" };
    expect(() => resetterOf(env, ssh, [HAMAL])).toThrow("--reset-hung needs PROXMOX_VE_ENDPOINT");
  });
});
