/**
 * The program killed after each step, and the connection lost in each step, in turn: the host is unchanged or changed,
 * SSH works, a cordon is recognized as ours, and the same command again finishes the job.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { agent, HAMAL, server } from "../../fixture";
import { LiveCluster } from "./cluster";
import type { Interruption } from "../../../testbed/machines/testbed";

/** Time to confirm a change that stays unconfirmed: short, since the test waits for the revert. */
const UNCONFIRMED_SECONDS = 4;

/** Time to confirm a change that is confirmed before the interruption, also on a busy machine. */
const CONFIRMED_SECONDS = 10;

/** A way to change a host. The fault makes the system require it. */
interface Way {
  readonly steps: readonly string[];
  /** The step that ends when the change is confirmed. */
  readonly confirmation: string;
  readonly words: readonly string[];
  readonly fault: "kernel" | "switch-inhibited";
  /** Whether the boot loader can boot a system once. */
  readonly once: boolean;
  /** Maximum number of boots: into the new system, back if it reverts, and into it again. */
  readonly boots: number;
}

/** Activated while the host runs, which then reboots for its kernel, since it cannot boot it once. */
const LIVE: Way = {
  steps: [
    "build",
    "cordon",
    "drain",
    "activate",
    "confirm",
    "make it the boot default",
    "reboot",
    "uncordon",
  ],
  confirmation: "confirm",
  words: [],
  fault: "kernel",
  once: false,
  boots: 2,
};

/** Booted once for its kernel, with the former system as the boot default. */
export const ONCE: Way = {
  steps: ["build", "cordon", "drain", "prepare the trial", "boot on trial", "keep it", "uncordon"],
  confirmation: "boot on trial",
  words: [],
  fault: "kernel",
  once: true,
  boots: 3,
};

/** Booted on trial as the boot default. */
export const ON_TRIAL: Way = { ...ONCE, words: ["--boot"], fault: "switch-inhibited", once: false };

/** What to do when, with the seconds in which the change has to be confirmed. */
function interruptions(host: string, { steps, confirmation }: Way): [string, Interruption, number][] {
  const secondsAt = (at: number): number =>
    at > steps.indexOf(confirmation) ? CONFIRMED_SECONDS : UNCONFIRMED_SECONDS;
  return steps.flatMap((step, at): [string, Interruption, number][] => [
    [
      `killed after: ${step}`,
      { when: { host, step, outcome: "done" }, signal: "SIGKILL" },
      secondsAt(at + 1),
    ],
    [
      `disconnected in: ${step}`,
      { when: { host, step, outcome: "started" }, after: 0.12, drop: DRIVEN.has(step) ? "alphard" : host },
      secondsAt(at),
    ],
  ]);
}

/** Steps that a server does for the host. */
const DRIVEN = new Set(["cordon", "drain", "uncordon"]);

// Without a second server, so that every step of alphard's is its own.
const NODES = [server("k3s-server", "alphard", 134), HAMAL, agent("k3s-agent-1", "mizar", 136)];

/** @param directory - of the host's files */
export const interruptedRollouts = (host: string, directory: string, way = LIVE): void => {
  let cluster: LiveCluster;
  let change = 0;

  beforeAll(async () => {
    cluster = await LiveCluster.start(NODES);
    if (!way.once) cluster.testbed.setFault(host, "boot-filesystem", "btrfs");
  });
  afterAll(() => cluster?.stop());

  const systems = async (): Promise<string[]> =>
    (await cluster.testbed.on(host, "readlink -f /run/current-system /boot/default")).trim().split("\n");

  /** A change of the host's own file, and of its kernel, so that it has to reboot. */
  function changeHost(): void {
    writeFileSync(join(cluster.folder, "nix", directory, "local.nix"), `{ } # ${++change}\n`);
    cluster.testbed.setFault(host, way.fault, `6.12.${change}`);
    cluster.testbed.forgetEvents();
  }

  /** No timer waits, nothing reverts or activates, and K3s runs. */
  const isSettled = async (): Promise<boolean> => (await cluster.testbed.attempt(host, SETTLED)).status === 0;

  /** A machine that is about to reboot still answers for a moment. */
  const isSettledForGood = async (): Promise<boolean> => {
    if (!(await isSettled())) return false;
    await new Promise((resolve) => setTimeout(resolve, 400));
    return isSettled();
  };

  test.each(interruptions(host, way))("%s", async (_, interruption, seconds) => {
    changeHost();
    const [before] = await systems();
    const words = ["apply", "--on", host, "--yes", ...way.words];
    const { acted } = await cluster.testbed.interrupted(
      [...words, "--confirm-seconds", `${seconds}`],
      cluster.folder,
      interruption,
    );
    expect(acted).toBe(true);

    await cluster.testbed.until("nothing goes on any more", isSettledForGood, seconds + 10);
    const [current, booting] = await systems();
    // While a trial has not started, the next boot would be on trial.
    if ((await cluster.testbed.attempt(host, "[ ! -e /var/lib/k3s-rollout/trial ]")).status === 0)
      expect(current).toBe(booting);
    expect(await cluster.admitsSsh(host)).toBe(true);
    const node = cluster.testbed.kubeNode(host);
    const known = node?.spec.unschedulable !== true || "k3s-rollout/cordoned" in node.metadata.annotations;
    expect(known).toBe(true);

    (await cluster.rollout(...words)).mustSucceed();
    const [after] = await systems();
    expect(after).not.toBe(before);
    if (current !== before) expect(after).toBe(current);
    expect(cluster.testbed.kubeNode(host)?.spec.unschedulable ?? false).toBe(false);
    expect(cluster.testbed.kubeNode(host)?.metadata.annotations).toEqual({});
    expect(cluster.testbed.events().filter((event) => event === `${host} boot`).length).toBeLessThanOrEqual(
      way.boots,
    );
  });
};

const SETTLED = `
state() { systemctl show -p ActiveState --value "$1"; }
[ "$(state k3s-rollout-revert.timer)" != active ]
[ "$(state k3s-rollout-revert.service)" != activating ]
[ "$(state k3s-rollout-activate.service)" != activating ]
case "$(state k3s-rollout-trial.service)" in active | activating) exit 1 ;; esac
[ "$(state k3s.service)" = active ]
`;
