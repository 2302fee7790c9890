import processes, { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { emit, inTempFolder, put, texts, tree, type Bodies } from "./folder";

const before: Bodies = {
  "k3s-server/configuration.nix": "server\n",
  "k3s-agent/configuration.nix": "agent\n",
  "k3s-agent/nftables.nft": "rules\n",
  "k3s-agent-1/configuration.nix": "agent 1\n",
};
/** Changes two files, adds a host, and removes one. */
const after: Bodies = {
  "k3s-server/configuration.nix": "server\n",
  "k3s-agent/configuration.nix": "agent, changed\n",
  "k3s-agent/nftables.nft": "rules, changed\n",
  "k3s-agent-2/configuration.nix": "agent 2\n",
};
const person = { "k3s-agent/local.nix": "{ }\n" };

// One file for plain Node, compiled once: it starts ten times as fast as tsx.
const compiled = fs.mkdtempSync(join(tmpdir(), "host-files-compiled-"));
const script = join(compiled, "interruptedRun.js");

beforeAll(() => {
  const source = join(__dirname, "interruptedRun.ts");
  buildSync({ entryPoints: [source], outfile: script, bundle: true, platform: "node", target: "node20" });
});

afterAll(() => fs.rmSync(compiled, { recursive: true }));

/** Kills a run before its n-th change of the disk. `false` when it had ended before. */
function runKilledAt(step: number, folder: string, bodies: Bodies): boolean {
  return interruptedRun(folder, JSON.stringify(bodies), String(step)) === "SIGKILL";
}

/** Runs another emission completely before the n-th change of a run. `false` when that run had ended before. */
function runPassedAt(step: number, folder: string, bodies: Bodies, other: Bodies): boolean {
  return interruptedRun(folder, JSON.stringify(bodies), String(step), JSON.stringify(other)) === "passed";
}

/** How the run ended: `passed` when the other one ran in between. */
function interruptedRun(...args: string[]): string {
  const { signal, status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
  });
  if (signal !== null) return signal;
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

const withoutStaging = (folder: string) =>
  Object.fromEntries(Object.entries(tree(folder)).filter(([path]) => !path.startsWith(".staging-")));

/** A copy of a folder, to try two different next runs on it. */
function copied(folder: string, name: string): string {
  const copy = `${folder}-${name}`;
  fs.cpSync(folder, copy, { recursive: true });
  return copy;
}

test("a run killed at any step leaves every file old or new, and the next run finishes or undoes it", () => {
  const old: Record<string, string> = { ...texts(before), ...person };
  const fresh: Record<string, string> = { ...texts(after), ...person };
  let steps = 0;
  for (let step = 1, killed = true; killed; step++) {
    inTempFolder((parent) => {
      const folder = join(parent, "nix");
      emit(folder, before);
      for (const [path, text] of Object.entries(person)) put(folder, path, text);
      killed = runKilledAt(step, folder, after);

      const left = withoutStaging(folder);
      for (const path of Object.keys({ ...old, ...fresh })) {
        expect([old[path], fresh[path]]).toContain(left[path]);
      }
      // A person may revert the change before the next run: then nothing of it may be left.
      const undone = copied(folder, "undone");
      emit(undone, before);
      expect(tree(undone)).toEqual(old);
      emit(folder, after);
      expect(tree(folder)).toEqual(fresh);
    });
    steps = step;
  }
  // 5 texts and the record: written, flushed; 5 renames; one removal.
  expect(steps).toBeGreaterThan(6 + 6 + 5 + 1);
});

/** When the clock starts. Renames, which put files in place, are the shorter part of a run. */
const CLOCKS = ["from the start", "from the first rename"] as const;
type Clock = (typeof CLOCKS)[number];

/** Kills a run that many milliseconds after the clock started. `false` when it had ended before. */
async function runKilledAfter(
  milliseconds: number,
  clock: Clock,
  folder: string,
  bodies: Bodies,
): Promise<boolean> {
  const child = spawn(process.execPath, [script, folder, JSON.stringify(bodies), clock]);
  const ended = once(child, "close");
  // A run with nothing to put in place prints nothing.
  await Promise.race([once(child.stdout, "data"), ended]);
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  const [, signal] = (await ended) as [number | null, string | null];
  clearTimeout(timer);
  return signal === "SIGKILL";
}

const KILLS = 300;
const LONGEST_MILLISECONDS = 240_000;

/** More files than are flushed one by one. */
const hosts = (count: number, word: string): Bodies =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`host-${n}/nftables.nft`, `${word}\n`.repeat(50)]),
  );

test(
  `${KILLS} kills at any moment leave every file old or new, and the next run finishes`,
  async () => {
    const [old, fresh] = [hosts(66, "old"), hosts(70, "new")];
    const paths = Object.keys({ ...texts(old), ...texts(fresh) });
    const folder = fs.mkdtempSync(join(tmpdir(), "host-files-killed-"));
    const end = performance.now() + LONGEST_MILLISECONDS;
    let [kills, between] = [0, 0];
    const longest: Record<Clock, number> = { "from the start": 20, "from the first rename": 2 };
    try {
      emit(folder, old);
      for (let run = 0; kills < KILLS && performance.now() < end; run++) {
        const [from, to] = run % 2 === 0 ? [old, fresh] : [fresh, old];
        const clock = CLOCKS[Math.floor(run / 2) % 2] ?? "from the start";
        const killed = await runKilledAfter(Math.random() * longest[clock], clock, folder, to);
        // So that kills are spread over all of a run, however fast the machine is.
        longest[clock] *= killed ? 1.02 : 0.9;
        if (killed) kills++;
        const [left, before, after] = [withoutStaging(folder), texts(from), texts(to)];
        const isAs = (state: Record<string, string>, path: string): boolean => left[path] === state[path];
        expect(paths.filter((path) => !isAs(before, path) && !isAs(after, path))).toEqual([]);
        if (![before, after].some((state) => paths.every((path) => isAs(state, path)))) between++;
        // Some killed runs directly follow another killed one.
        if (run % 10 > 0) continue;
        emit(folder, to);
        expect(tree(folder)).toEqual(after);
      }
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
    expect(kills).toBe(KILLS);
    // Otherwise all kills came before the first file was in place, or after the last.
    expect(between).toBeGreaterThan(10);
  },
  LONGEST_MILLISECONDS + 30_000,
);

test("two runs at the same time leave every file whole, and the next run is refused nothing", () => {
  for (let step = 1, passed = true; passed; step += 6) {
    inTempFolder((folder) => {
      emit(folder, before);
      passed = runPassedAt(step, folder, after, after);
      if (passed) expect(tree(folder)).toEqual(texts(after));
    });
    inTempFolder((folder) => {
      emit(folder, before);
      runPassedAt(step, folder, after, before);
      for (const [path, text] of Object.entries(tree(folder))) {
        expect([texts(before)[path], texts(after)[path]]).toContain(text);
      }
      emit(folder, after);
      expect(tree(folder)).toMatchObject(texts(after));
    });
  }
});

test("no file is put in place before all texts are on the disk", () => {
  inTempFolder((folder) => {
    const calls: string[] = [];
    for (const name of ["fsyncSync", "renameSync"] as const) {
      const original = fs[name] as (...args: unknown[]) => unknown;
      jest.spyOn(fs, name).mockImplementation((...args: unknown[]) => {
        calls.push(name);
        return original(...args);
      });
    }
    emit(folder, before);
    jest.restoreAllMocks();
    expect(calls).toEqual([...Array(6).fill("fsyncSync"), ...Array(5).fill("renameSync")]);
  });
});

test("a full disk changes nothing, and is not made fuller", () => {
  inTempFolder((folder) => {
    emit(folder, before);
    jest.spyOn(fs, "fsyncSync").mockImplementationOnce(() => {
      throw new Error("ENOSPC");
    });
    expect(() => emit(folder, after)).toThrow("ENOSPC");
    jest.restoreAllMocks();
    expect(tree(folder)).toEqual(texts(before));
  });
});

test("the next run of the same process finishes a run that failed between two renames", () => {
  inTempFolder((folder) => {
    emit(folder, before);
    jest.spyOn(fs, "renameSync").mockImplementationOnce(() => {
      throw new Error("EIO");
    });
    expect(() => emit(folder, after)).toThrow("EIO");
    jest.restoreAllMocks();
    emit(folder, after);
    expect(tree(folder)).toEqual(texts(after));
  });
});

describe("before many files are put in place, the disk confirms all of them", () => {
  const many: Bodies = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`k3s-agent-${index}/configuration.nix`, "agent\n"]),
  );
  afterEach(() => jest.restoreAllMocks());

  /** With a `sync` that exits so. @returns its arguments with the number of files at that time, and what else was flushed */
  const emitWith = (status: number): { asked: unknown[]; flushed: number } =>
    inTempFolder((parent) => {
      const asked: unknown[] = [];
      jest.spyOn(processes, "spawnSync").mockImplementation(((program: string, words: string[]) => {
        asked.push([program, words[0], fs.readdirSync(words[1] as string).length]);
        return { status };
      }) as never);
      const flush = jest.spyOn(fs, "fsyncSync");
      emit(join(parent, "nix"), many);
      return { asked, flushed: flush.mock.calls.length };
    });

  test("at once", () => {
    const { asked, flushed } = emitWith(0);
    expect(asked).toEqual([["sync", "-f", 102]]); // with the list, and the record of paths
    expect(flushed).toBeLessThan(100);
  });

  test("one by one where it cannot be asked at once", () => {
    expect(emitWith(1).flushed).toBeGreaterThan(100);
  });
});
