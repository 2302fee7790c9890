import { execFile } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { shellWord } from "../../src/base/escape";
import { newFolder } from "./clusters";
import { environment } from "../../testbed/namespaces/unshare";
import { ownNetwork } from "./tools";

export interface Outcome {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** For the namespace, and for each run, since a busy machine checks hundreds of rulesets slowly. */
const LONGEST_SECONDS = { namespace: 20, run: 1 };

/**
 * Runs nft once for every list of arguments, one after another in one new network namespace.
 *
 * The namespace ends with its last process, and with it everything that was loaded. Nothing runs in the namespace
 * of the machine: the script itself refuses. `timeout` ends all of its processes, which Node's own time-out does not.
 */
export async function nftRuns(runs: readonly (readonly string[])[]): Promise<Outcome[]> {
  const folder = newFolder();
  try {
    const machine = fs.readlinkSync("/proc/self/ns/net");
    const script = [
      `[ "$(readlink /proc/self/ns/net)" != ${shellWord(machine)} ] || exit 97`,
      ...runs.map((args, index) => {
        const to = (name: string): string => `${index}.${name}`;
        return `nft ${args.map(shellWord).join(" ")} >${to("out")} 2>${to("err")}; echo $? >${to("status")}`;
      }),
    ].join("\n");
    const own = ownNetwork() ?? ["false"];
    const limit = ["-s", "KILL", String(LONGEST_SECONDS.namespace + runs.length * LONGEST_SECONDS.run)];
    await promisify(execFile)("timeout", [...limit, ...own, "sh", "-c", script], {
      cwd: folder,
      env: environment,
    });
    const read = (name: string): string => fs.readFileSync(join(folder, name), "utf8");
    return runs.map((_, index) => ({
      ok: read(`${index}.status`).trim() === "0",
      stdout: read(`${index}.out`),
      stderr: read(`${index}.err`),
    }));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** One object of the kernel: a table, chain, set, counter or rule. */
type Entry = Readonly<Record<string, { family?: string; table?: string; name?: string; elem?: unknown[] }>>;

/** What `nft -j list ruleset` says of one namespace. */
export class Listing {
  private readonly entries: readonly Entry[];

  public constructor(json: string) {
    this.entries = JSON.parse(json).nftables;
  }

  /** Everything of one table except the handles that the kernel gives to objects in the order of their creation. */
  public table(family: string, name: string): unknown[] {
    return JSON.parse(
      JSON.stringify(
        this.entries.filter((entry) => belongs(entry, family, name)),
        (key, value) => (key === "handle" ? undefined : value),
      ),
    );
  }

  /** Everything of all other tables, with their handles: a table that was removed and created again has others. */
  public besides(family: string, name: string): readonly Entry[] {
    return this.entries.filter((entry) => !belongs(entry, family, name));
  }

  public rules(family: string, name: string): number {
    return this.entries.filter((entry) => "rule" in entry && belongs(entry, family, name)).length;
  }

  /** Elements of a set of the table as a person writes them, sorted; `undefined` when there is no such set. */
  public elements(family: string, table: string, set: string): string[] | undefined {
    const found = this.entries.find((entry) => belongs(entry, family, table) && entry["set"]?.name === set);
    return found && (found["set"]?.elem ?? []).map(element).sort();
  }
}

function belongs(entry: Entry, family: string, name: string): boolean {
  return Object.entries(entry).some(
    ([kind, it]) => it.family === family && (kind === "table" ? it.name : it.table) === name,
  );
}

function element(json: unknown): string {
  if (typeof json !== "object" || json === null) return String(json);
  const { concat, prefix, range } = json as {
    concat?: unknown[];
    prefix?: { addr: string; len: number };
    range?: [unknown, unknown];
  };
  if (concat) return concat.map(element).join(" . ");
  if (prefix) return `${prefix.addr}/${prefix.len}`;
  if (range) return range.join("-");
  throw new Error(`an element of an unknown kind: ${JSON.stringify(json)}`);
}
