import fs from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { relativePaths } from "./nix-paths";

/** The files of the project that a host gets. */
export interface HostFolder {
  /** Text by path relative to the host's directory; files shared with other hosts are at `../…`. */
  readonly files: ReadonlyMap<string, string>;
  /** Why the files cannot be delivered: complete sentences, each with a path. */
  readonly faults: readonly string[];
}

const CONFIGURATION = "configuration.nix";

/** The host does not report larger files in /etc/nixos. */
const LARGEST_KIB = 255;
const MOST_FILES = 500;
const DEEPEST = 16;

/**
 * Reads everything below the host's directory except hidden files, and every other file below `folder` to which one of
 * its Nix files refers by a path, such as `../common.nix`.
 *
 * @param folder - folder of all hosts, such as `nix`
 * @param directory - directory of the host in it
 */
export function readHostFolder(folder: string, directory: string): HostFolder {
  const reader = new Reader(folder, directory);
  reader.add(directory, "");
  return {
    files: new Map([...reader.files].sort(([a], [b]) => (a < b ? -1 : 1))),
    faults: reader.faults,
  };
}

/**
 * The files by their paths below /etc/nixos. If the host has shared files, its own are in a subfolder named as in the
 * project, so that `../common.nix` refers to the same file.
 */
export function delivered(files: ReadonlyMap<string, string>, directory: string): Map<string, string> {
  if (![...files.keys()].some(isShared)) return new Map(files);
  const entry = `# Written by the rollout. This host's own files are next to those that it shares with other hosts.
{ imports = [ ./${directory}/${CONFIGURATION} ]; }
`;
  const nested = [...files].map(([path, text]): [string, string] => [posix.join(directory, path), text]);
  return new Map([[CONFIGURATION, entry], ...nested]);
}

/** The reverse: files of /etc/nixos by their paths relative to the host's directory. */
export function fromDelivered(there: ReadonlyMap<string, string>, directory: string): Map<string, string> {
  if (!there.has(`${directory}/${CONFIGURATION}`)) return new Map(there);
  const own = [...there].filter(([path]) => path !== CONFIGURATION);
  return new Map(own.map(([path, text]) => [posix.relative(directory, path), text]));
}

const isShared = (path: string): boolean => path.startsWith("../");

class Reader {
  public readonly files = new Map<string, string>();
  public readonly faults: string[] = [];
  private readonly project: string;

  constructor(
    private readonly folder: string,
    private readonly directory: string,
  ) {
    this.project = fs.existsSync(folder) ? fs.realpathSync(dirname(fs.realpathSync(folder))) : "";
  }

  /** @param path - below the folder of all hosts; @param named - the file that refers to it, if any */
  public add(path: string, named: string, depth = 0): void {
    const key = posix.relative(this.directory, path);
    const file = join(this.folder, path);
    if (this.files.has(key) || !fs.existsSync(file)) {
      if (isDangling(file)) this.fault(path, "is a dangling link");
      return;
    }
    if (!this.isInProject(file)) return this.fault(path, "is a link that leads out of the project");
    if (/^\s|\s$|\p{Cc}/u.test(path))
      return this.fault(path, "has a name with control characters, or with spaces at its start or end");
    if (depth > DEEPEST) return this.fault(path, `is more than ${DEEPEST} folders deep`);
    const stat = fs.statSync(file);
    if (stat.isDirectory()) return this.addFolder(path, named, depth);
    if (!stat.isFile()) return this.fault(path, "is not a regular file");
    if (stat.size > LARGEST_KIB * 1024) return this.fault(path, `is larger than ${LARGEST_KIB} KiB`);
    if (path === CONFIGURATION)
      return this.fault(path, `has the name of the host's own configuration; rename it, also in ${named}`);
    if (this.files.size === MOST_FILES)
      return this.fault(this.directory, `has more than ${MOST_FILES} files`);
    this.addFile(path, key, fs.readFileSync(file));
  }

  private addFolder(path: string, named: string, depth: number): void {
    for (const name of fs.readdirSync(join(this.folder, path)).sort()) {
      // Hidden files may come from editors or file managers. One to which a path refers is read anyway.
      if (!name.startsWith(".")) this.add(posix.join(path, name), named, depth + 1);
    }
  }

  private addFile(path: string, key: string, bytes: Buffer): void {
    const text = bytes.toString("utf8");
    if (!Buffer.from(text).equals(bytes)) return this.fault(path, "is not text in UTF-8");
    const isNix = path.endsWith(".nix");
    // git's autocrlf changes line endings in a checkout.
    this.files.set(key, isNix || /\.(nft|sh)$/.test(path) ? text.replaceAll("\r\n", "\n") : text);
    if (!isNix) return;
    for (const reference of relativePaths(text)) this.follow(path, reference);
  }

  private follow(path: string, reference: string): void {
    const target = posix.join(posix.dirname(path), reference).replace(/(?<=.)\/$/, "");
    if (target === ".." || isShared(target)) {
      this.fault(
        path,
        `refers to ${reference}, which is outside of ${this.folder} and is not delivered to hosts`,
      );
    } else this.add(target, this.shown(path));
  }

  private isInProject(file: string): boolean {
    const way = relative(this.project, fs.realpathSync(file));
    return way !== ".." && !way.startsWith(`..${sep}`);
  }

  private fault(path: string, why: string): void {
    const sentence = `${this.shown(path)} ${why}`;
    if (!this.faults.includes(sentence)) this.faults.push(sentence);
  }

  private readonly shown = (path: string): string => posix.join(this.folder, path);
}

const isDangling = (file: string): boolean =>
  fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true && !fs.existsSync(file);
