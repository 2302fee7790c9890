/** Looks at a template's disk for what all its clones would share, and for what its hosts expect of it. */
import { enumerated } from "../base/markdown";
import type { Node } from "../config/model";
import { EMPTY_TEMPLATE, K3S_STATE } from "../config/template-vm";
import { ok, problem, summed, unknown, type Check } from "../doctor/check";
import { debugfsPath, Ext4 } from "./ext4";
import type { Filesystem, Image } from "./image";
import { MOST_TRACES, tracesIn, type SecretKind, type Trace } from "./text-scan";

export interface ScanOptions {
  readonly stop: AbortSignal;
  /** Hears how many bytes were read so far. */
  readonly onRead?: (bytes: number) => void;
}

/** @param nodes - those that are cloned from it; empty if they are not known */
export async function scan(
  image: Image,
  nodes: readonly Node[],
  { stop, onRead }: ScanOptions,
): Promise<Check[]> {
  const { filesystems, unseen } = await readable(image, stop);
  const traces = await tracesIn(image, stop, onRead);
  return [
    ...diskChecks(image, nodes),
    ...(await fileChecks(filesystems, unseen)),
    ...(await traceChecks(traces, filesystems)),
  ];
}

/** Filesystems whose files can be looked at, and why others cannot. */
async function readable(
  image: Image,
  stop: AbortSignal,
): Promise<{ readonly filesystems: Ext4[]; readonly unseen: string[] }> {
  const all = image.filesystems.filter(({ type }) => type === "ext4");
  const debugfs = debugfsPath();
  if (all.length === 0)
    return { filesystems: [], unseen: ["the image has no ext4, and only its files can be"] };
  if (debugfs === undefined)
    return { filesystems: [], unseen: ["debugfs is not in PATH: install e2fsprogs"] };
  const filesystems: Ext4[] = [];
  const unseen: string[] = [];
  for (const filesystem of all) {
    const ext4 = new Ext4(debugfs, image, filesystem, stop);
    const obstacle = await ext4.obstacle();
    if (obstacle === undefined) filesystems.push(ext4);
    else unseen.push(obstacle);
  }
  return { filesystems, unseen };
}

const GIB = 1024 ** 3;

/** As Proxmox VE counts: the disk of a clone has whole GiB. */
const gib = (bytes: number): number => Math.ceil(bytes / GIB);

function diskChecks({ size, filesystems }: Image, nodes: readonly Node[]): Check[] {
  const [node] = nodes;
  if (node === undefined) {
    const found = enumerated(filesystems.map(({ type, uuid }) => `${type} ${uuid}`)) || "no known filesystem";
    return [
      unknown("Disk", `${gib(size)} GiB with ${found}; there is no nix/cluster.json to compare it with`),
    ];
  }
  const { rootFilesystem: root, efiSystemPartition: esp } = node.nixos;
  const [vfat, others] = [true, false].map((is) =>
    filesystems.filter(({ type }) => (type === "vfat") === is),
  );
  return [
    sizeCheck(size, nodes),
    uuidCheck("Root filesystem", others ?? [], root, ({ type, uuid }) => {
      return `nixos.rootFilesystem: { type: "${type}", uuid: "${uuid}" }`;
    }),
    ...(esp === undefined
      ? []
      : [
          uuidCheck("EFI system partition", vfat ?? [], { type: "vfat", uuid: esp }, ({ uuid }) => {
            return `nixos.efiSystemPartition: "${uuid}"`;
          }),
        ]),
  ];
}

/** Proxmox VE does not shrink a disk. */
function sizeCheck(size: number, nodes: readonly Node[]): Check {
  const small = nodes.filter(({ vm }) => (vm.disks[0]?.sizeGib ?? Infinity) < gib(size));
  return small.length === 0
    ? ok("Disk", `${gib(size)} GiB, which is its templateDiskGib`)
    : problem(
        "Disk",
        `${gib(size)} GiB, and the first disk of ${enumerated(small.map(({ hostname }) => hostname))} is smaller`,
        `State templateDiskGib: ${gib(size)} in main.ts, and as sizeGib of each first disk at least that.`,
      );
}

type Named = Pick<Filesystem, "uuid"> & { readonly type: string };

/** @param setting - that the hosts need for another one, as main.ts has it */
function uuidCheck(
  name: string,
  filesystems: readonly Filesystem[],
  expected: Named,
  setting: (filesystem: Filesystem) => string,
): Check {
  const words = ({ type, uuid }: Named): string => `${type} ${uuid}`;
  if (filesystems.some((each) => words(each) === words(expected))) return ok(name, words(expected));
  const [other] = filesystems;
  const build = "build the image from the emitted files";
  return problem(
    name,
    `the hosts need ${words(expected)}, and the image has ${enumerated(filesystems.map(words)) || "none"}`,
    `The hosts would not boot: ${other === undefined ? build : `state ${setting(other)} in main.ts, or ${build}`}.`,
  );
}

const CLEAN = `All clones would share it. Build the image anew, or run in the template: ${EMPTY_TEMPLATE.join("; ")}.`;

/** Checks of files by their path. */
async function fileChecks(filesystems: readonly Ext4[], unseen: readonly string[]): Promise<Check[]> {
  const check = async (name: string, find: (ext4: Ext4) => Promise<string[]>): Promise<Check> => {
    const problems: string[] = [];
    for (const ext4 of filesystems) problems.push(...(await find(ext4)));
    const not = unseen.map((why) => `its files were not looked at: ${why}`);
    return summed(name, { problems, unseen: not, summary: "none", remedy: CLEAN });
  };
  return [
    await check("machine-id", filledMachineId),
    await check("SSH host keys", hostKeys),
    await check("K3s state", k3sState),
  ];
}

/** systemd makes one at the first boot where the file is missing or empty, or has this word (machine-id(5)). */
const UNSET: readonly string[] = ["", "uninitialized"];

async function filledMachineId(ext4: Ext4): Promise<string[]> {
  const text = await ext4.text("/etc/machine-id");
  return UNSET.includes(text.trim()) ? [] : ["/etc/machine-id is filled"];
}

const hostKeys = async (ext4: Ext4): Promise<string[]> =>
  (await ext4.list("/etc/ssh"))
    .filter((name) => name.startsWith("ssh_host_"))
    .map((name) => `/etc/ssh/${name}`);

async function k3sState(ext4: Ext4): Promise<string[]> {
  const found: string[] = [];
  for (const folder of K3S_STATE)
    if ((await ext4.list(folder)).length > 0) found.push(`${folder} is not empty`);
  return found;
}

async function traceChecks(traces: readonly Trace[], filesystems: readonly Ext4[]): Promise<Check[]> {
  const holders = new Map<number, string>();
  const offsets = traces.map(({ offset }) => offset);
  for (const ext4 of filesystems)
    for (const [offset, holder] of await ext4.holders(offsets)) holders.set(offset, holder);
  return [
    traceCheck("Private keys", "private key", traces, holders),
    traceCheck("K3s tokens", "K3s token", traces, holders),
  ];
}

/** How many are told one by one. */
const SHOWN = 5;

function traceCheck(
  name: string,
  kind: SecretKind,
  traces: readonly Trace[],
  holders: ReadonlyMap<number, string>,
): Check {
  const all = traces.filter((trace) => trace.kind === kind);
  const own = all.filter(({ offset }) => !isOfPackage(holders.get(offset)));
  const more = own.length - SHOWN;
  const least = traces.length < MOST_TRACES ? "" : "at least ";
  return summed(name, {
    problems: [
      ...own.slice(0, SHOWN).map(({ offset }) => `at byte ${offset}, ${placeOf(holders.get(offset))}`),
      ...(more > 0 ? [`and ${least}${more} more`] : []),
    ],
    unseen: [],
    summary:
      all.length === 0
        ? "none in the whole image"
        : `${all.length} in packages of /nix/store, which everybody has`,
    remedy:
      "All clones would have it. Build the image anew. What a deleted file held stays in free space until it is overwritten.",
  });
}

/** Packages have keys, for their tests. */
const isOfPackage = (holder: string | undefined): boolean => holder?.startsWith("/nix/store/") === true;

function placeOf(holder: string | undefined): string {
  if (holder === undefined) return "in a file that was not looked for";
  return holder === "" ? "in free space, left by a deleted file" : `in ${holder}`;
}
