import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeOperatorKey } from "../machines/operator";
import { Paths } from "../machines/paths";
import { Testbed } from "../machines/testbed";
import { Owner, type Played, type Run } from "./owner";
import type { Scene } from "./story";

const TOKEN = "planted-for-the-picture";

/**
 * Plays a story on an operator's machine, beside those of the cluster of main.ts and clones of the template for the nodes that
 * the last statement of the story adds.
 */
export async function playStory(story: readonly Scene[]): Promise<readonly (readonly Played[])[]> {
  const folder = mkdtempSync(join(tmpdir(), "k3s-picture-"));
  const statements = story.flatMap(({ steps }) => steps.flatMap(({ statement }) => statement ?? []));
  let testbed: Testbed | undefined;
  try {
    const key = makeOperatorKey(folder);
    writeFileSync(join(folder, "token"), TOKEN, { mode: 0o600 });
    const bin = join(folder, "bin");
    const PATH = `${bin}:${process.env.PATH}`;
    const run: Run = (argv, cwd, environment) =>
      (testbed as Testbed).operator(argv, cwd, { ...environment, PATH });
    const owner = Owner.begin(folder, key.publicKey, run);

    const [former, nix] = [join(folder, "former"), join(folder, "nix")];
    owner.emitted("", former);
    owner.emitted(`${statements.at(-1)}\n`, nix);
    const members = hostsIn(former).map((host) => [host, { state: "member", nix: former } as const] as const);
    const clones = hostsIn(nix).map((host) => [host, { state: "template" } as const] as const);
    const machines = Object.fromEntries([...clones, ...members]);
    testbed = await Testbed.start({ nix, machines }, key, TOKEN);
    await equip(testbed, bin, owner.project);

    const played: (readonly Played[])[] = [];
    for (const scene of story) played.push(await owner.play(scene));
    return played;
  } finally {
    await testbed?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function hostsIn(nix: string): readonly string[] {
  const { nodes } = JSON.parse(readFileSync(join(nix, "cluster.json"), "utf8")) as {
    nodes: { hostname: string }[];
  };
  return nodes.map(({ hostname }) => hostname);
}

/** The operator's ssh beside this machine's other programs, and the host keys, which the operator has compared. */
async function equip(testbed: Testbed, bin: string, project: string): Promise<void> {
  mkdirSync(bin);
  symlinkSync(join(new Paths(testbed.folder).operator, "bin", "ssh"), join(bin, "ssh"));
  for (const { hostname } of testbed.nodes) {
    const key = await testbed.on(hostname, "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub");
    writeFileSync(join(project, "known_hosts"), `${hostname} ${key}`, { flag: "a" });
  }
}
