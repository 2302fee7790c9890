import fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { planEmission, type Emission, type EmissionPlan } from "../../src/emit/emission";
import { withHeader } from "../../src/emit/header";
import { applyPlan } from "../../src/emit/writer";

/** Path to body of the emitted files; the list of them is added by {@link emission}. */
export type Bodies = Readonly<Record<string, string>>;

export const LIST = "cluster.json";

/** Runs `use` in a new folder, which is removed afterwards. */
export function inTempFolder<T>(use: (folder: string) => T): T {
  const folder = fs.mkdtempSync(join(tmpdir(), "host-files-"));
  try {
    return use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** The text of every file with its header, including the list. */
export function texts(bodies: Bodies): Record<string, string> {
  const list = `${JSON.stringify({ files: Object.keys(bodies) }, null, 2)}\n`;
  return Object.fromEntries(
    Object.entries({ ...bodies, [LIST]: list }).map(([path, body]) => [path, withHeader(path, body)]),
  );
}

/** The emission that a caller would request, with the previous list as far as it can be read. */
export function emission(folder: string, bodies: Bodies, options: Partial<Emission> = {}): Emission {
  const files = new Map(Object.entries(texts(bodies)));
  return { folder, files, previous: listed(folder), accepted: new Set(), ...options };
}

export function emit(folder: string, bodies: Bodies, options: Partial<Emission> = {}): EmissionPlan {
  const plan = planEmission(emission(folder, bodies, options));
  applyPlan(plan);
  return plan;
}

export function listed(folder: string): string[] {
  try {
    return JSON.parse(fs.readFileSync(join(folder, LIST), "utf8")).files;
  } catch {
    return [];
  }
}

/** Path to content of everything in a folder: a link has its target, an empty directory ends with a slash. */
export function tree(folder: string): Record<string, string> {
  const entries = fs.readdirSync(folder, { withFileTypes: true, recursive: true });
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const full = join(entry.parentPath, entry.name);
      const path = full.slice(folder.length + 1);
      if (entry.isSymbolicLink()) return [[path, `-> ${fs.readlinkSync(full)}`]];
      if (entry.isDirectory()) return fs.readdirSync(full).length === 0 ? [[`${path}/`, ""]] : [];
      return [[path, entry.isFile() ? fs.readFileSync(full, "utf8") : "(special)"]];
    }),
  );
}

export function put(folder: string, path: string, text: string): void {
  fs.mkdirSync(dirname(join(folder, path)), { recursive: true });
  fs.writeFileSync(join(folder, path), text);
}

export function read(folder: string, path: string): string {
  return fs.readFileSync(join(folder, path), "utf8");
}
