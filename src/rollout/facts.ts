import { randomBytes } from "node:crypto";
import { UserError } from "../base/user-error";
import { k3sDataDisks } from "../config/data-disks";
import { fromDelivered } from "../emit/host-folder";
import { HARDWARE } from "./description";
import { rootDevice } from "./hardware";
import type { Host } from "./host";
import type { Report } from "./script";

/** What a host reports about itself. */
export interface Facts {
  readonly bootId: string;
  readonly hostname: string;
  readonly machineId: string;
  /** Name to MAC address, in PVE's form. */
  readonly interfaces: ReadonlyMap<string, string>;
  readonly firmware: string;
  readonly rootUuid: string;
  readonly rootSource: string;
  /** Whether the device that the host's hardware configuration names for the root filesystem exists there. */
  readonly rootDeviceExists: boolean;
  /** The operator's source address, as the host sees it. */
  readonly operatorAddress: string;
  /** Fingerprint of the operator's key; empty if none is known. */
  readonly operatorKey: string;
  /** Store paths of the running system and of the boot default. */
  readonly current: string;
  readonly profile: string;
  readonly release: string;
  /** Revision of nixpkgs from which the running system was built; empty if unknown. */
  readonly nixpkgs: string;
  readonly k3sVersion: string;
  /** systemd's `ActiveState`. */
  readonly k3s: string;
  /** It holds the API's own address. */
  readonly holdsApiVip: boolean;
  /** It has the data of a K3s server. */
  readonly serverData: boolean;
  /** K3s has run on it. */
  readonly joined: boolean;
  /** Folders on which the disk is mounted that `main.ts` names for K3s' data there. */
  readonly k3sMounts: readonly string[];
  /** Folders of K3s on which the running system has mounted a disk. */
  readonly k3sMounted: readonly string[];
  /** Units that are failed, or that restart again and again. */
  readonly failedUnits: readonly string[];
  /** An unconfirmed activation. @default - none */
  readonly unconfirmed?: Unconfirmed;
  /** The lock of a rollout, as `remote/lock.sh` keeps it on one of the hosts. @default - none */
  readonly lock?: { readonly holder: string; readonly heardSeconds: number };
  /** Seconds since the host booted. */
  readonly upSeconds: number;
  /** Path to salted hash of each token file. The operator chooses the salt, and compares the hashes with its own. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Path of a token file to the salted hash of the newest of the old ones beside it, which a rotation keeps. */
  readonly oldTokens: ReadonlyMap<string, string>;
  /** Hash of the token that a server stores with its data; empty if there is none. */
  readonly keptToken: string;
  readonly salt: string;
  /** Why its boot loader cannot boot a system once. @default - it can */
  readonly onceFault?: string;
  /** Parts of the running system that require a reboot. */
  readonly rebootDue: readonly string[];
  /** Why the last build could not be activated while the host runs. @default - empty: it could, or was */
  readonly refusal: string;
  /** The files of /etc/nixos: path relative to the host's directory, to text. */
  readonly files: ReadonlyMap<string, string>;
  /** Ruleset deletions that the running system saved for the next activation. */
  readonly deletions: string;
}

/** An unconfirmed activation: the host reverts unless it is confirmed. */
export interface Unconfirmed {
  /** `armed`: the activation has finished, and the timer runs. `trial`: a boot on trial, which has happened or will happen. */
  readonly state: "activating" | "armed" | "reverting" | "trial";
  /** ID of the rollout that began it, and its operator. */
  readonly rollout: string;
  readonly operator: string;
  /** Seconds until the timer fires; unknown before the boot of a trial. */
  readonly secondsLeft: number;
  /** Store path of the system that the host reverts to. */
  readonly before: string;
}

/** Names of the host's interfaces with that MAC address. */
export const interfacesWith = ({ interfaces }: Pick<Facts, "interfaces">, macAddress: string): string[] =>
  [...interfaces].filter(([, mac]) => mac === macAddress).map(([name]) => name);

/** The same for all hosts of a run, so that a token of one can be compared with that of another. */
const SALT = randomBytes(16).toString("hex");

/** Maximum number of files read from /etc/nixos; more would make the plan unreadable. */
const MAX_FILES = 1000;

export interface Look {
  /** Whether to look if the boot loader can boot a system once, which takes longer than all the rest. @default false */
  readonly bootLoader?: boolean;
}

/** @throws UserError when the host does not answer, does not run NixOS, or does not let us log in as root */
export async function readFacts(host: Host, { bootLoader = false }: Look = {}): Promise<Facts> {
  const device = rootDevice(host.files.get(HARDWARE) ?? "") ?? "";
  const { tokenFile, agentTokenFile, snapshots } = host.description.k3s;
  const files = [tokenFile, agentTokenFile, snapshots?.s3?.secretFile].filter((file) => file !== undefined);
  const k3sDisks = k3sDataDisks(host.node.vm).map(({ device: disk, path }) => `${disk}:${path}`);
  const { report, output } = await host.callFully(
    "facts",
    {
      device,
      api_vip: host.description.apiVip?.address ?? "",
      salt: SALT,
      token_files: files.join(" "),
      k3s_disks: k3sDisks.join(" "),
      examine_boot_loader: bootLoader ? "yes" : "",
    },
    { timeoutSeconds: 30 },
  );
  const at = { host: host.name };
  if (report.one("uid") !== "0") throw new UserError("refused", "the SSH user is not root", at);
  if (report.one("nixos") !== "yes")
    throw new UserError("refused", "it does not run NixOS (/etc/NIXOS is missing)", at);
  const count = report.all("file").length;
  if (count > MAX_FILES)
    throw new UserError("refused", `it has ${count} files below /etc/nixos; the limit is ${MAX_FILES}`, at);
  return { ...factsOf(report, host.node.directory), salt: SALT, operatorKey: output.operatorKey };
}

function factsOf(report: Report, directory: string): Omit<Facts, "operatorKey" | "salt"> {
  const current = report.one("current");
  const wanted = report.one("wanted_hostname");
  const renamed = wanted !== "" && wanted !== report.one("hostname") && report.one("profile") === current;
  return {
    bootId: report.one("boot_id"),
    hostname: report.one("hostname"),
    machineId: report.one("machine_id"),
    interfaces: new Map(
      report.all("nic").map((line) => {
        const [name = "", mac = ""] = line.split(" ");
        return [name, mac.toUpperCase()];
      }),
    ),
    firmware: report.one("firmware"),
    rootUuid: report.one("root_uuid"),
    rootSource: report.one("root_source"),
    rootDeviceExists: report.one("root_device") !== "",
    operatorAddress: report.one("client"),
    current,
    profile: report.one("profile"),
    release: report.one("release"),
    nixpkgs: revisionOf(report),
    k3sVersion: report.one("k3s_version"),
    k3s: report.one("k3s"),
    holdsApiVip: report.one("holds_api_vip") === "yes",
    serverData: report.one("server_data") === "yes",
    joined: report.one("joined") === "yes",
    k3sMounts: report.all("k3s_mount"),
    k3sMounted: report.all("k3s_mounted"),
    failedUnits: report.all("failed"),
    unconfirmed: unconfirmedOf(report),
    lock:
      report.one("lock") === ""
        ? undefined
        : { holder: report.one("lock"), heardSeconds: Number(report.one("lock_heard")) },
    upSeconds: Number(report.one("up")),
    tokens: hashes(report.all("token")),
    oldTokens: hashes(report.all("old_token")),
    keptToken: report.one("kept_token"),
    onceFault: onceFaultIn(report.one("boots_once")),
    rebootDue: [...report.all("reboot"), ...(renamed ? ["hostname"] : [])],
    refusal: report.text("refusal").trim(),
    files: fromDelivered(new Map(report.all("file").map(namedFile).sort(byName)), directory),
    deletions: report.text("deletions"),
  };
}

const onceFaultIn = (answer: string): string | undefined =>
  answer === "yes" ? undefined : answer || "nobody has looked at its boot loader";

/** Lines of a path and a hash. */
const hashes = (lines: readonly string[]): Map<string, string> =>
  new Map(
    lines.map((line) => {
      const [path = "", hash = ""] = line.split(" ");
      return [path, hash];
    }),
  );

/** Of nixpkgs, as a host reports it; empty if it does not know it. */
export const revisionOf = (report: Report): string =>
  /^[0-9a-f]{7,40}$/.exec(report.one("nixpkgs"))?.[0] ?? "";

function unconfirmedOf(report: Report): Unconfirmed | undefined {
  const state = unconfirmedState(report);
  return state === undefined
    ? undefined
    : {
        state,
        rollout: report.one("rollout"),
        operator: report.one("operator"),
        secondsLeft: Math.max(0, Number(report.one("reverts_in"))),
        before: report.one("before"),
      };
}

function unconfirmedState(report: Report): Unconfirmed["state"] | undefined {
  if (report.one("reverting") === "activating") return "reverting";
  if (report.one("activation") === "activating") return "activating";
  if (report.one("trial") === "yes") return "trial";
  return report.one("revert") === "active" ? "armed" : undefined;
}

const decoded = (text: string): string => Buffer.from(text, "base64").toString("utf8");

/** Parses a line of name and text in base64. So is an unusual name, which then begins with `=`. */
function namedFile(line: string): [name: string, text: string] {
  const [name = "", text = ""] = line.split(" ");
  return [name.startsWith("=") ? decoded(name.slice(1)) : name, decoded(text)];
}

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);
