/**
 * What S3 answers, as XML. It is read as text: with `encoding-type=url` nothing in a key has to be escaped, and names that K3s does
 * not give are of no interest.
 */

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

/** A page of the list of objects. */
export interface Page {
  readonly objects: readonly StoredObject[];
  /** Key of the last object, where the next page begins. @default - it was the last page */
  readonly more?: string;
}

/** @returns `undefined` for what is no list of objects */
export function pageIn(xml: string): Page | undefined {
  if (!xml.includes("<ListBucketResult")) return undefined;
  const objects = xml
    .split("</Contents>")
    .slice(0, -1)
    .map((entry): StoredObject => {
      const own = entry.slice(entry.lastIndexOf("<Contents>"));
      return { key: keyIn(own), bytes: Number(textOf("Size", own) || NaN) };
    });
  if (!objects.every(({ key, bytes }) => key !== "" && Number.isSafeInteger(bytes) && bytes >= 0))
    return undefined;
  const last = objects.at(-1)?.key;
  return textOf("IsTruncated", xml) === "true" && last !== undefined ? { objects, more: last } : { objects };
}

/** The code of an error, such as `NoSuchBucket`; empty for what is no error of S3. */
export const errorCodeIn = (xml: string): string =>
  /^[A-Za-z0-9.]{1,64}$/.exec(textOf("Code", xml))?.[0] ?? "";

function keyIn(entry: string): string {
  try {
    return decodeURIComponent(textOf("Key", entry).replaceAll("+", " "));
  } catch {
    return "";
  }
}

function textOf(tag: string, xml: string): string {
  const begin = xml.indexOf(`<${tag}>`);
  if (begin < 0) return "";
  const end = xml.indexOf("</", begin);
  return end < 0 ? "" : xml.slice(begin + tag.length + 2, end);
}
