import { dirname, join, posix } from "node:path";
import { isEmittedPath, readEntry, type Entry } from "./entry";
import { readRegion } from "./region";
import { pathsOfDeadRuns, type Write } from "./staging";
import { headerState } from "./header";

/** The desired contents of a folder. */
export interface Emission {
  /** Absolute, or relative to the working directory, e.g. `nix`. */
  readonly folder: string;
  /** Whole text with its header, by path in `folder`, separated by `/`. The last one is the list of all files. */
  readonly files: ReadonlyMap<string, string>;
  /**
   * Text with its header of the region in each of the owner's documents, by path relative to `folder`, which may lead
   * out of it.
   */
  readonly regions?: ReadonlyMap<string, string>;
  /** The paths in the previous list. Not trustworthy, since that file may have been merged by hand. */
  readonly previous: readonly string[];
  /** Files, as `folder/path`, whose current text may be overwritten. */
  readonly accepted: ReadonlySet<string>;
}

/** What to do for an {@link Emission}. Paths are relative to `folder`. */
export interface EmissionPlan {
  readonly folder: string;
  /** Files to create or to replace, in order. */
  readonly writes: readonly Write[];
  readonly removals: readonly string[];
  /** Directories that lose a file, or lost one in an interrupted run; removed if empty. */
  readonly abandoned: readonly string[];
  /** The list of all files. Written last, so that a crash does not lose track of files to remove. */
  readonly list: string | undefined;
  readonly refusals: readonly Refusal[];
}

/** A file that HostFiles must not replace or remove. */
export interface Refusal {
  /** As `folder/path`, the form of `HOST_FILES_ACCEPT`. */
  readonly path: string;
  /** The problem: continues a sentence that starts with the path. */
  readonly why: string;
  /** What to do, if accepting the loss is not an option. */
  readonly remedy?: string;
  /** What would be overwritten, and with what. Absent if accepting the loss is not an option. */
  readonly loss?: { readonly there: string; readonly wanted: string };
}

/** A path as messages show it. */
export function shownPath(folder: string, path: string): string {
  return posix.join(folder, path);
}

/**
 * Compares an emission with the disk. Writes nothing.
 *
 * @throws if a path in `files` is not a plain relative path, which is a bug
 */
export function planEmission(emission: Emission): EmissionPlan {
  const wanted = [...emission.files].map(([path, text]) => ({
    path,
    text,
    verdict: checkWrite(emission, path, text),
  }));
  const regions = [...(emission.regions ?? [])].map(([path, text]) => checkRegion(emission, path, text));
  const dropped = droppedFiles(emission).map(({ path, entry }) => ({
    path,
    verdict: checkRemoval(emission, path, entry),
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

function checkWrite(emission: Emission, path: string, wanted: string): Verdict {
  if (!isEmittedPath(path)) throw new Error(`'${path}' is not a path that can be emitted`);
  const entry = readEntry(emission.folder, path);
  if (entry.kind === "missing") return "change";
  if (entry.kind === "irregular") {
    const remedy = "HostFiles only replaces regular files. Move it away, then run: npm run synth";
    return { path: shownPath(emission.folder, path), why: entry.why, remedy };
  }
  if (entry.bytes.equals(Buffer.from(wanted))) return "keep";

  const there = entry.bytes.toString();
  return checkText(emission, path, there, wanted);
}

function checkText(emission: Emission, path: string, there: string, wanted: string): Verdict {
  switch (headerState(path, there)) {
    case "foreign":
      return unlessAccepted(emission, path, "was not written by HostFiles", there, wanted);
    case "edited":
      return unlessAccepted(emission, path, "was edited by hand after HostFiles wrote it", there, wanted);
    default:
      return "change";
  }
}

/** The whole document with its new region. Every other byte stays the same. */
function checkRegion(
  emission: Emission,
  path: string,
  wanted: string,
): { path: string; text: string; verdict: Verdict } {
  const region = readRegion(join(emission.folder, path));
  if ("why" in region) {
    return { path, text: "", verdict: { path: shownPath(emission.folder, path), ...region } };
  }
  const { before, current, after, lineEnd } = region;
  const text = before + wanted.replaceAll("\n", lineEnd) + after;
  const verdict =
    text === before + current + after ? "keep" : checkText(emission, path, current.trim() && current, wanted);
  return { path, text, verdict };
}

/**
 * Files of the previous list that are no longer in `files`. Skips paths that no run can have written, links and
 * directories: they are not ours, and this run rewrites the list.
 */
function droppedFiles({ folder, files, previous }: Emission) {
  const named = new Set([...previous, ...pathsOfDeadRuns(folder)]);
  return [...named]
    .filter((path) => isEmittedPath(path) && !files.has(path))
    .map((path) => ({ path, entry: readEntry(folder, path) }))
    .filter(({ entry }) => entry.kind !== "irregular");
}

/** A foreign file in place of ours stays and leaves the list, without blocking the emission. */
function checkRemoval(emission: Emission, path: string, entry: Entry): Verdict {
  if (entry.kind !== "file") return "keep";
  const there = entry.bytes.toString();
  switch (headerState(path, there)) {
    case "foreign":
      return "keep";
    case "edited":
      return unlessAccepted(emission, path, "no longer belongs to a host, but was edited by hand", there, "");
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
