import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { percentTeller } from "../base/percent";
import { codeOf, messageOf, UserError } from "../base/user-error";
import type { Recipe } from "../render/template-vm";
import type { Log } from "../rollout/log";
import type { Image } from "./image";
import type { PveNode } from "../rollout/pve-node";

export interface UploadOptions {
  /** Ends the copy at once. */
  readonly stop: AbortSignal;
  readonly log: Log;
}

const STEP = "copy";

/**
 * Copies the image to the PVE node for as long as `use` takes, whose end, also a failure or a request to stop, removes the copy.
 *
 * @throws UserError that names the copy if it could not be removed
 */
export async function withCopy<T>(
  pve: PveNode,
  image: Image,
  { image: path, remove }: Pick<Recipe, "image" | "remove">,
  { stop, log }: UploadOptions,
  use: () => Promise<T>,
): Promise<T> {
  // A file of somebody else is neither written nor removed.
  await pve.succeed(`umask 077\nset -C\n: >${path}`);
  let result: T;
  try {
    const tell = (words: string): void => log.progress(pve.name, STEP, words);
    await log.step(pve.name, STEP, () => copy(pve, image, path, stop, tell));
    result = await use();
  } catch (error) {
    const left = await leftBy(pve, remove);
    if (left === undefined) throw error;
    throw new UserError(codeOf(error), `${messageOf(error)}\n${left}`, { cause: error });
  }
  const left = await leftBy(pve, remove);
  if (left !== undefined) throw new UserError("failed", `All else is done. ${left}`);
  return result;
}

/** Removes the copy. @returns what to do if that fails */
async function leftBy(pve: PveNode, remove: string): Promise<string | undefined> {
  try {
    await pve.succeed(remove);
    return undefined;
  } catch (error) {
    return `The copy of the image could not be removed (${messageOf(error)}). On ${pve.name}: ${remove}`;
  }
}

/** @throws UserError `failed` if something else arrived than was sent */
async function copy(
  pve: PveNode,
  image: Image,
  path: string,
  stop: AbortSignal,
  tell: (words: string) => void,
): Promise<void> {
  const hash = createHash("sha256");
  let size = 0;
  const done = percentTeller(image.size, tell);
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of image.file.createReadStream({ start: 0, autoClose: false })) {
      hash.update(chunk as Buffer);
      done((size += (chunk as Buffer).length));
      yield chunk as Buffer;
    }
  }
  await pve.send(`exec cat >>${path}`, Readable.from(chunks()), stop);
  const sent = `${size} ${hash.digest("hex")}`;
  const arrived = await pve.succeed(`stat -c %s ${path}\nsha256sum ${path}`);
  const [count = "", sum = ""] = arrived.split("\n");
  if (`${count} ${sum.slice(0, 64)}` === sent) return;
  throw new UserError("failed", `the copy ${path} differs from ${image.path}`, {
    host: pve.name,
    remedy: `it has ${count} of ${size} bytes, or another SHA-256; look at its disk and network`,
  });
}
