/** Files of an ext4 filesystem in an image, read with debugfs of e2fsprogs: it needs neither root nor a mount. */
import { resolve } from "node:path";
import { oneLine } from "../base/printable";
import { capture } from "../base/process";
import { programPath } from "../base/programs";
import type { Filesystem, Image } from "./image";

/** Debian's PATH of other users than root has no /usr/sbin, where debugfs is. */
const path = (): string => [process.env.PATH, "/usr/sbin", "/sbin"].filter(Boolean).join(":");

export const debugfsPath = (): string | undefined => programPath("debugfs", path());

export class Ext4 {
  public constructor(
    private readonly debugfs: string,
    private readonly image: Image,
    private readonly filesystem: Filesystem,
    private readonly stop: AbortSignal,
  ) {}

  /** Names in a folder, without itself and the one above it; none if there is no such folder. */
  public async list(folder: string): Promise<string[]> {
    const { stdout } = await this.run(`ls -p ${folder}`);
    // Lines such as /12/100644/0/0/machine-id/33/.
    const names = stdout.split("\n").map((line) => oneLine(line.split("/")[5] ?? ""));
    return names.filter((name) => !["", ".", ".."].includes(name));
  }

  /** The text of a small file; empty if there is none. */
  public async text(file: string): Promise<string> {
    return (await this.run(`cat ${file}`)).stdout;
  }

  /** @returns why it cannot be read; `undefined` if it can */
  public async obstacle(): Promise<string | undefined> {
    const { stdout, stderr } = await this.run("ls -p /");
    // Its own name and version are the first line.
    return stdout.includes("/") ? undefined : oneLine(stderr.split("\n")[1] ?? "debugfs says nothing");
  }

  /**
   * Where files have bytes of the image.
   *
   * @returns by offset in the image: the path of the file, or "" if no file has the block. What is not known is missing
   */
  public async holders(offsets: readonly number[]): Promise<Map<number, string>> {
    const { start, size, blockSize = 1 } = this.filesystem;
    const inside = offsets.filter((offset) => offset >= start && offset < start + size);
    if (inside.length === 0) return new Map();
    const blockOf = (offset: number): number => Math.floor((offset - start) / blockSize);
    const inodes = await this.table(`icheck ${[...new Set(inside.map(blockOf))].join(" ")}`);
    const used = [...new Set(inodes.values())].filter(isNumber);
    const paths =
      used.length === 0 ? new Map<string, string>() : await this.table(`ncheck ${used.join(" ")}`);
    return new Map(
      inside.flatMap((offset) => {
        const inode = inodes.get(String(blockOf(offset)));
        if (inode === undefined) return [];
        return [[offset, isNumber(inode) ? (paths.get(inode) ?? `inode ${inode}`) : ""] as const];
      }),
    );
  }

  /** The lines of two columns below the head. */
  private async table(request: string): Promise<Map<string, string>> {
    const { stdout } = await this.run(request);
    const lines = stdout.split("\n").slice(1);
    return new Map(
      lines.flatMap((line) => {
        const [, key, value] = /^(\d+)\t(.*)$/.exec(line) ?? [];
        return key === undefined || value === undefined ? [] : [[key, oneLine(value)] as const];
      }),
    );
  }

  private run(request: string): Promise<{ stdout: string; stderr: string }> {
    const { start } = this.filesystem;
    return capture(this.debugfs, ["-R", request, `${resolve(this.image.path)}?offset=${start}`], {
      signal: this.stop,
      limit: LIMIT,
      env: { ...process.env, LC_ALL: "C", DEBUGFS_PAGER: "__none__" },
    });
  }
}

/** It says `<block not found>` where no file has a block. */
const isNumber = (text: string): boolean => /^\d+$/.test(text);

/** The image may be anything, and a folder of it endless. */
const LIMIT = 16 * 1024 * 1024;
