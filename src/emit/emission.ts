import { dirname, join, posix } from "node:path";
import { isEmittedPath, lookAt, type Entry } from "./entry";
import { readRegion } from "./region";
import { pathsOfDeadRuns, type Write } from "./staging";
import { headerState } from "./header";

/** What shall stand in a folder. */
export interface Emission {
  /** Absolute, or relative to the working directory, e.g. `nix`. */
  readonly folder: string;
  /** Path under `folder`, with `/`, to the whole stamped text. The last one is the list of all. */
  readonly files: ReadonlyMap<string, string>;
  /**
   * Documents of people, in each of which a marked region is ours: path from `folder`, which may lead out of it, to
   * the region's stamped text.
   */
  readonly regions?: ReadonlyMap<string, string>;
  /** The paths that the last list names. They may say anything: people merge that file. */
  readonly previous: readonly string[];
  /** Files, as `folder/path`, whose present text may be lost. */
  readonly accepted: ReadonlySet<string>;
}

/** What is to be done for an {@link Emission}. Paths are relative to `folder`. */
export interface EmissionPlan {
  readonly folder: string;
  /** Files to create or to replace, in order. */
  readonly writes: readonly Write[];
  readonly removals: readonly string[];
  /** Directories that lost a file, now or in a run that was cut off, and go when nothing is left in them. */
  readonly abandoned: readonly string[];
  /** The list of all files: written after everything else, so that a crash forgets no file to be removed. */
  readonly list: string | undefined;
  readonly refusals: readonly Refusal[];
}

/** A file that is not HostFiles' to replace or remove. */
export interface Refusal {
  /** As `folder/path`, which is also how a person accepts its loss. */
  readonly path: string;
  /** Continues a sentence that starts with the path. */
  readonly why: string;
  /** What to do where no flag helps. */
  readonly remedy?: string;
  /** What would be lost, and for what. Absent where no flag helps. */
  readonly loss?: { readonly there: string; readonly wanted: string };
}

/** How a path is shown to a person. */
export function shownPath(folder: string, path: string): string {
  return posix.join(folder, path);
}

/**
 * Reads the disk and writes nothing.
 *
 * @throws when a path in `files` is not relative and plain: that is a fault of the program
 */
export function planEmission(emission: Emission): EmissionPlan {
  const wanted = [...emission.files].map(([path, text]) => ({
    path,
    text,
    verdict: judgeWrite(emission, path, text),
  }));
  const regions = [...(emission.regions ?? [])].map(([path, text]) => judgeRegion(emission, path, text));
  const dropped = droppedFiles(emission).map(({ path, entry }) => ({
    path,
    verdict: judgeRemoval(emission, path, entry),
  }));
  return {
    folder: emission.folder,
    writes: [...regions, ...wanted]
      .filter(({ verdict }) => verdict === "change")
      .map(({ path, text }) => ({ path, text })),
    removals: dropped.filter(({ verdict }) => verdict === "change").map(({ path }) => path),
    abandoned: [...new Set(dropped.map(({ path }) => dirname(path)))],
    list: wanted.at(-1)?.path,
    refusals: [...wanted, ...regions, ...dropped]
      .map(({ verdict }) => verdict)
      .filter((it) => typeof it === "object"),
  };
}

type Verdict = "change" | "keep" | Refusal;

function judgeWrite(emission: Emission, path: string, wanted: string): Verdict {
  if (!isEmittedPath(path)) throw new Error(`'${path}' is not a path that can be emitted`);
  const entry = lookAt(emission.folder, path);
  if (entry.kind === "missing") return "change";
  if (entry.kind === "irregular") {
    const remedy = "HostFiles replaces nothing but files. Move it away, then run: npm run synth";
    return { path: shownPath(emission.folder, path), why: entry.why, remedy };
  }
  if (entry.bytes.equals(Buffer.from(wanted))) return "keep";

  const there = entry.bytes.toString();
  return judgeText(emission, path, there, wanted);
}

function judgeText(emission: Emission, path: string, there: string, wanted: string): Verdict {
  switch (headerState(path, there)) {
    case "foreign":
      return unlessAccepted(emission, path, "was not written by HostFiles", there, wanted);
    case "edited":
      return unlessAccepted(emission, path, "was edited by hand after HostFiles wrote it", there, wanted);
    default:
      return "change";
  }
}

/** The whole document with its region as it shall be; of the rest not a byte is changed. */
function judgeRegion(
  emission: Emission,
  path: string,
  wanted: string,
): { path: string; text: string; verdict: Verdict } {
  const region = readRegion(join(emission.folder, path));
  if ("why" in region) {
    return { path, text: "", verdict: { path: shownPath(emission.folder, path), ...region } };
  }
  const { before, there, after, lineEnd } = region;
  const text = before + wanted.replaceAll("\n", lineEnd) + after;
  const verdict =
    text === before + there + after ? "keep" : judgeText(emission, path, there.trim() && there, wanted);
  return { path, text, verdict };
}

/**
 * What the last list names and `files` does not. A path that no run could have written names nothing of ours: it is
 * passed over rather than refused, since this run writes the list anew. The same holds for what became a link or a
 * directory.
 */
function droppedFiles({ folder, files, previous }: Emission) {
  const named = new Set([...previous, ...pathsOfDeadRuns(folder)]);
  return [...named]
    .filter((path) => isEmittedPath(path) && !files.has(path))
    .map((path) => ({ path, entry: lookAt(folder, path) }))
    .filter(({ entry }) => entry.kind !== "irregular");
}

/** A file that somebody put in the place of ours is theirs, and blocks nothing: it stays, and leaves the list. */
function judgeRemoval(emission: Emission, path: string, entry: Entry): Verdict {
  if (entry.kind !== "file") return "keep";
  const there = entry.bytes.toString();
  switch (headerState(path, there)) {
    case "foreign":
      return "keep";
    case "edited":
      return unlessAccepted(emission, path, "belongs to no host any more, but was edited by hand", there, "");
    default:
      return "change";
  }
}

function unlessAccepted(
  { folder, accepted }: Emission,
  path: string,
  why: string,
  there: string,
  wanted: string,
): Verdict {
  const shown = shownPath(folder, path);
  return accepted.has(shown) ? "change" : { path: shown, why, loss: { there, wanted } };
}
