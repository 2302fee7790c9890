/**
 * A template is made on a PVE node behind a real SSH server, of a real disk image. Stand-ins are qm and pvesh, whose rules were read
 * in qemu-server's source (`testbed/pve-node`).
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { UserError } from "../../src/base/user-error";
import type { Event } from "../../src/rollout/log";
import { Making, type MakingPlan } from "../../src/template/making";
import type { Made } from "../../src/template/make";
import { PveMachine } from "../../testbed/pve-node/pve-node";
import { ALPHARD, emit, HAMAL, MIZAR, REFERENCE } from "../fixture";
import { schemaFaults } from "../json-schema";
import { CLI } from "../program";
import { Project } from "../project";
import { newFolder } from "./clusters";
import { MACHINES } from "./machines/tools";
import { describeWith, IMAGES } from "./tools";

const MIB = 1024 * 1024;
const COPY = "template-9903.raw";
const COMMANDS = [
  "qm create 9903 --name k3s-template --ostype l26 --agent enabled=1 --cores 2 --memory 2048 --cpu x86-64-v2-AES --scsihw virtio-scsi-pci --net0 virtio,bridge=vmbr0",
  `qm set 9903 --scsi0 Cesspool-VM:0,import-from=/var/tmp/${COPY} --boot order=scsi0`,
  "qm template 9903",
];

describeWith([...MACHINES, ...IMAGES], "a template on a PVE node", () => {
  let folder: string;
  let pve: PveMachine;
  let image: string;
  let plans: MakingPlan[];
  let questions: string[];
  let events: Event[];
  let stop: AbortController;

  /** Where the disk of all tests is kept. */
  const kept = newFolder();

  beforeAll(() => {
    const file = join(kept, "nixos.img");
    fs.writeFileSync(file, "");
    fs.truncateSync(file, 24 * MIB);
    run("sfdisk", ["--quiet", file], "label: dos\n1MiB,,L,*\n");
    const uuid = REFERENCE.nixos.rootFilesystem.uuid;
    run("mkfs.ext4", ["-q", "-F", "-U", uuid, "-E", `offset=${MIB}`, file, "22M"]);
    // Something that cannot be compressed, so that a copy of zeros would be noticed.
    const opened = fs.openSync(file, "r+");
    fs.writeSync(
      opened,
      createHash("shake256", { outputLength: MIB }).update("x").digest(),
      0,
      MIB,
      20 * MIB,
    );
    fs.closeSync(opened);
  });
  afterAll(() => fs.rmSync(kept, { recursive: true }));

  beforeEach(async () => {
    folder = newFolder();
    [plans, questions, events, stop] = [[], [], [], new AbortController()];
    image = join(folder, "nixos.img");
    fs.copyFileSync(join(kept, "nixos.img"), image);
    emit(folder, [ALPHARD, HAMAL, MIZAR]);
    fs.mkdirSync(join(folder, "pve"));
    pve = new PveMachine(join(folder, "pve"));
    await pve.start();
    jest.replaceProperty(process, "env", { ...process.env, PATH: pve.clientPath });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    pve.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  async function making<T>(use: (making: Making) => Promise<T>, heard?: (event: Event) => void): Promise<T> {
    const paths = {
      hosts: join(folder, "nix"),
      knownHosts: join(folder, "known_hosts"),
      logs: join(folder, "logs"),
    };
    const listener = (event: Event): void => {
      events.push(event);
      heard?.(event);
    };
    const made = new Making(paths, listener, {}, { image, at: "127.0.0.1" });
    try {
      return await use(made);
    } finally {
      made.stop();
    }
  }

  const maker = (answer: () => void = () => undefined) => ({
    showPlan: (plan: MakingPlan) => void plans.push(plan),
    askForConsent: async (question: string) => {
      questions.push(question);
      answer();
    },
    stop: stop.signal,
  });

  const plan = (): Promise<void> => making((made) => made.plan(maker()));
  const apply = (
    trust = { yes: false, acceptNewHostKeys: false },
    answer?: () => void,
    heard?: (event: Event) => void,
  ): Promise<Made> => making((made) => made.apply(trust, maker(answer)), heard);

  const failure = (made: Promise<unknown>): Promise<UserError> =>
    made.then(
      () => new UserError("failed", "it succeeded"),
      (error: unknown) => error as UserError,
    );

  const states = (): Record<string, string> =>
    Object.fromEntries(plans[0]?.checks.map(({ name, state, found }) => [name, `${state}: ${found}`]) ?? []);

  /** Nothing on the node is another than before. */
  function expectUntouched(guests: string[] = [], copies: string[] = []): void {
    expect([pve.changes, pve.names("guests"), pve.names("var-tmp"), pve.names("volumes")]).toEqual([
      [],
      guests,
      copies,
      [],
    ]);
  }

  test("is planned with what is there, and with the commands of nix/README.md", async () => {
    await plan();
    expect(states()).toMatchObject({
      "PVE node": "ok: pve",
      "VM ID": "ok: 9903 is free",
      Datastore: "ok: Cesspool-VM",
      Bridge: "ok: vmbr0",
      Copy: expect.stringMatching(
        /^ok: \/var\/tmp\/template-9903\.raw, for the time being: 0\.0 GiB of .* are free$/,
      ),
      Disk: "ok: 1 GiB, which is its templateDiskGib",
      "machine-id": "ok: none",
      "Private keys": "ok: none in the whole image",
    });
    expect(plans[0]).toMatchObject({ vmId: 9903, pveNode: "pve", image: { path: image, bytes: 24 * MIB } });
    expect(plans[0]?.notes).toEqual([expect.stringMatching(/^its SSH host key is not pinned yet: SHA256:/)]);
    const [copy, ...commands] = plans[0]?.commands ?? [];
    expect(copy).toBe(`scp ${image} root@127.0.0.1:/var/tmp/${COPY}`);
    expect(commands).toEqual([...COMMANDS, `rm /var/tmp/${COPY}`]);
    const readme = fs.readFileSync(join(folder, "nix/README.md"), "utf8");
    expect(readme).toContain(`\`\`\`sh\n${commands.join("\n")}\n\`\`\``);
    expectUntouched();
    expect(fs.existsSync(join(folder, "known_hosts"))).toBe(false);
  });

  test("is made of the image, as it is, and read back", async () => {
    expect(await apply()).toEqual({ sizeGib: 1, isBase: true });
    expect(pve.changes).toEqual(COMMANDS);
    expect(pve.text("guests/9903")).toContain("\nscsi0: Cesspool-VM:base-9903-disk-0,size=24M\n");
    expect(pve.text("guests/9903")).toMatch(/\ntemplate: 1\n$/);
    expect(fs.readFileSync(pve.path("volumes/base-9903-disk-0")).equals(fs.readFileSync(image))).toBe(true);
    expect(pve.names("var-tmp")).toEqual([]);
  });

  test("is made after consent, which pins the SSH host key of the node", async () => {
    await apply();
    const key = pve.text("host_key.pub").split(" ").slice(0, 2).join(" ");
    expect(fs.readFileSync(join(folder, "known_hosts"), "utf8")).toBe(`pve ${key}\n`);
    expect(questions).toEqual([
      expect.stringMatching(
        /^These new SSH host keys will be pinned; compare them at the consoles first:\n {2}pve \(127\.0\.0\.1\): SHA256:\S+\nMake template VM 9903 on pve of this image\?$/,
      ),
    ]);
    fs.rmSync(pve.path("guests/9903"));
    fs.rmSync(pve.path("volumes/base-9903-disk-0"));
    await apply();
    expect(questions[1]).toBe("Make template VM 9903 on pve of this image?");
  });

  test("is not made without consent, or for a key that nobody compared", async () => {
    const no = (): void => {
      throw new UserError("cancelled", "no");
    };
    expect(await failure(apply(undefined, no))).toMatchObject({ code: "cancelled" });
    const blind = await failure(apply({ yes: true, acceptNewHostKeys: false }));
    expect([blind.code, blind.message]).toEqual([
      "refused",
      expect.stringContaining("--accept-new-host-keys"),
    ]);
    expectUntouched();
    await apply({ yes: true, acceptNewHostKeys: true });
    expect(pve.changes).toEqual(COMMANDS);
  });

  test.each<[string, string, () => void, string]>([
    [
      "a template that is there",
      "VM ID",
      () => pve.put("guests/9903", "name: k3s-template\ntemplate: 1\n"),
      "problem: 9903 belongs to the template k3s-template on pve",
    ],
    [
      "any guest of that ID",
      "VM ID",
      () => pve.put("guests/9903", "name: nextcloud\n"),
      "problem: 9903 belongs to the VM nextcloud on pve",
    ],
    [
      "a file where the copy would be",
      "Copy",
      () => pve.put(`var-tmp/${COPY}`, "somebody's"),
      `problem: /var/tmp/${COPY} is there already`,
    ],
    [
      "a full disk",
      "Copy",
      () =>
        pve.program(
          "df",
          "#!/bin/sh\nprintf 'Filesystem 1024-blocks Used Available Capacity Mounted\\n/dev/sda 9 9 9 99%% /\\n'\n",
        ),
      `problem: /var/tmp/${COPY} needs 0.0 GiB, and 0.0 GiB are free`,
    ],
    [
      "no such datastore",
      "Datastore",
      () => pve.put("storage.json", "[]"),
      "problem: root sees no Cesspool-VM on pve",
    ],
    [
      "a datastore for other things",
      "Datastore",
      () => pve.put("storage.json", JSON.stringify([{ storage: "Cesspool-VM", content: "iso", active: 1 }])),
      "problem: Cesspool-VM on pve does not allow disk images",
    ],
    ["no such bridge", "Bridge", () => pve.put("network.json", "[]"), "problem: root sees no vmbr0 on pve"],
    [
      "another PVE node",
      "PVE node",
      () => pve.put("name", "pve2\n"),
      "problem: pve2 answers at 127.0.0.1, not pve",
    ],
    [
      "a machine without Proxmox VE",
      "PVE node",
      () => fs.rmSync(pve.path("bin/qm")),
      "problem: no PVE node answers at 127.0.0.1, not pve",
    ],
    [
      "a disk with an identity",
      "K3s tokens",
      () => fs.appendFileSync(image, `K10${"ab".repeat(32)}::server:0123456789abcdef`),
      `problem: at byte ${24 * MIB}, in a file that was not looked for`,
    ],
  ])("is refused where there is %s, which stays as it is", async (_, check, spoil, found) => {
    spoil();
    const [guests, copies] = [pve.names("guests"), pve.names("var-tmp")];
    const error = await failure(apply());
    expect(states()[check]).toBe(found);
    expect([error.code, error.message]).toEqual([
      "refused",
      `Not possible now: ${check}\nNothing was changed`,
    ]);
    expect(questions).toEqual([]);
    expectUntouched(guests, copies);
    if (copies.length > 0) expect(pve.text(`var-tmp/${COPY}`)).toBe("somebody's");
  });

  const HALF =
    "VM 9903 on pve is half made. Look at it there, and remove it: qm config 9903; qm destroy 9903";

  test.each<[string, string, string[], RegExp]>([
    ["create", "fail 'storage is full'", [], /^qm create 9903: pve: storage is full\nNo VM was made$/],
    [
      "create",
      `echo "name: somebody's" >"$config"; fail "VM 9903 already exists"`,
      ["9903"],
      /already exists\nThere is a VM 9903 now, which may be somebody else's\. Look at it on pve: qm config 9903$/,
    ],
    ["set", "fail 'import failed'", ["9903"], new RegExp(`^qm set 9903: pve: import failed\\n${HALF}$`)],
    ["template", "fail 'no space'", ["9903"], new RegExp(`^qm template 9903: pve: no space\\n${HALF}$`)],
    [
      "template",
      "exit 0",
      ["9903"],
      /^pve: VM 9903 was made, and is no template: look at it there: qm config 9903$/,
    ],
    [
      "set",
      `sed -i 's/^ostype/bios: ovmf\\nostype/' "$config"`,
      ["9903"],
      /^pve: VM 9903 was made, and boots with uefi, and bios is the firmware of alphard, hamal and mizar: look/,
    ],
  ])("that qm %s does not make is told with what is left: %s", async (command, fault, guests, message) => {
    pve.put(`fault-${command}`, fault);
    expect((await failure(apply())).message).toMatch(message);
    expect([pve.names("guests"), pve.names("var-tmp")]).toEqual([guests, []]);
    expect(pve.text("calls")).not.toContain("destroy");
  });

  test("is not made of a copy that differs from the image", async () => {
    pve.program("cat", '#!/bin/sh\n/bin/cat "$@" | tr x y\n');
    const error = await failure(apply());
    expect(error.message).toMatch(
      /^pve: the copy \/var\/tmp\/template-9903\.raw differs from .*nixos\.img: it has \d+ of \d+ bytes/,
    );
    expectUntouched();
  });

  test("is not made when the connection breaks during the copy, which is removed", async () => {
    pve.program("cat", "#!/bin/sh\nhead -c 1000000\nkill -9 $PPID\n");
    const error = await failure(apply());
    expect([error.code, error.message]).toEqual(["connection lost", expect.stringContaining("broke")]);
    expectUntouched();
  });

  test("names a copy that it cannot remove", async () => {
    pve.program("rm", "#!/bin/sh\necho 'rm: Read-only file system' >&2\nexit 1\n");
    pve.put("fault-create", "fail 'storage is full'");
    const left = `The copy of the image could not be removed (pve: rm: Read-only file system). On pve: rm /var/tmp/${COPY}`;
    const failed = await failure(apply());
    expect(failed.message).toBe(`qm create 9903: pve: storage is full\nNo VM was made\n${left}`);
    for (const name of [`var-tmp/${COPY}`, "fault-create"]) fs.rmSync(pve.path(name));
    expect((await failure(apply())).message).toBe(`All else is done. ${left}`);
  });

  test("is not made when it is stopped during the copy, which is removed", async () => {
    pve.program("cat", `#!/bin/sh\nhead -c 1000000\ntouch ${pve.path("copying")}\nsleep 60\n`);
    const watch = fs.watch(pve.path("."), (_, name) => {
      if (name === "copying") stop.abort("SIGINT");
    });
    const error = await failure(apply());
    watch.close();
    expect([error.code, error.message]).toEqual(["interrupted", "pve: stopped while the image was sent"]);
    expectUntouched();
  });

  test("is finished when it is stopped after the first command has begun", async () => {
    const begun = (event: Event): void => {
      if (event.step === "qm create 9903" && event.outcome === "started") stop.abort("SIGINT");
    };
    expect(await apply(undefined, undefined, begun)).toEqual({ sizeGib: 1, isBase: true });
    expect(pve.changes).toEqual(COMMANDS);
  });

  test("tells how far it is", async () => {
    await apply();
    const steps = events.filter(({ outcome }) => outcome === "done").map(({ step }) => step);
    expect(steps).toEqual([
      "look",
      "scan",
      "copy",
      "qm create 9903",
      "qm set 9903",
      "qm template 9903",
      "verify",
    ]);
    const percents = events.filter(({ step, outcome }) => step === "copy" && outcome === "running");
    expect(percents.at(-1)?.words).toBe("100 %");
    expect(percents.length).toBeLessThanOrEqual(101);
  });

  describe("by the command", () => {
    function command(
      project: Project,
      words: readonly string[],
      env: Record<string, string> = {},
    ): { status: number | null; stdout: string; stderr: string } {
      const all = { ...process.env, TF_VAR_proxmox_node: "pve", ...env };
      const { status, stdout, stderr } = spawnSync(
        CLI,
        ["template", ...words, "--image", image, "--at", "127.0.0.1"],
        {
          cwd: project.folder,
          encoding: "utf8",
          env: all,
        },
      );
      return { status, stdout, stderr };
    }

    test("shows the plan, makes the template, and says so; as JSON in documents that fit their schema", () => {
      const project = new Project();
      const planned = command(project, ["plan", "--json"]);
      expect([planned.status, schemaFaults("template#plan", JSON.parse(planned.stdout))]).toEqual([0, []]);
      const shown = command(project, ["plan"]);
      expect(shown.stdout).toContain(
        `The copy, and what runs on pve:\n  scp ${image} root@127.0.0.1:/var/tmp/${COPY}\n  qm create`,
      );
      expectUntouched();
      const asked = command(project, ["apply"]);
      expect([asked.status, asked.stderr]).toEqual([
        64,
        expect.stringContaining("There is no terminal to ask for consent"),
      ]);
      const made = command(project, ["apply", "--yes", "--accept-new-host-keys"]);
      expect([made.status, made.stdout.trim().split("\n").at(-1)]).toEqual([
        0,
        "VM 9903 on pve is a template. Its disk has 1 GiB: state templateDiskGib: 1.",
      ]);
      const again = command(project, ["apply", "--yes", "--json"]);
      const [, failed] = again.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object);
      expect([again.status, failed]).toEqual([
        4,
        { formatVersion: 1, error: "Not possible now: VM ID\nNothing was changed", code: "refused" },
      ]);
      const event = again.stderr.split("\n")[0] ?? "";
      expect(schemaFaults("template#event", JSON.parse(event))).toEqual([]);
      fs.rmSync(pve.path("guests/9903"));
      fs.rmSync(pve.path("volumes/base-9903-disk-0"));
      const anew = command(project, ["apply", "--yes", "--json"]);
      const result = JSON.parse(anew.stdout.trim().split("\n").at(-1) ?? "") as object;
      expect([anew.status, schemaFaults("template#made", result)]).toEqual([0, []]);
    });

    test("needs names that are known without OpenTofu, and files that match main.ts", () => {
      const project = new Project();
      expect(command(project, ["plan"], { TF_VAR_proxmox_node: "" })).toMatchObject({
        status: 1,
        stderr: "TF_VAR_proxmox_node is not set\n",
      });
      expect(command(project, ["plan"], { TF_VAR_proxmox_node: "pve; reboot" }).stderr).toBe(
        '"pve; reboot" is no name in Proxmox VE\n',
      );
      project.edit("main.ts", (text) =>
        text.replace('hostname: "mizar", vmId: 136', 'hostname: "mizar", vmId: 137'),
      );
      expect(command(project, ["plan"]).stderr).toContain("These files do not match main.ts");
      expectUntouched();
    });
  });
});

function run(program: string, words: readonly string[], input = ""): void {
  const { status, stderr } = spawnSync(program, words, { encoding: "utf8", input });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}
