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
  /** Token by which the next page is asked for. @default - it was the last page */
  readonly more?: string;
}

/** @returns `undefined` for what is no list of objects, or does not say how it goes on */
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
  if (textOf("IsTruncated", xml) !== "true") return { objects };
  // The last key does not do: with a delimiter, folders count towards a page too, and one may have nothing else.
  const more = unescaped(textOf("NextContinuationToken", xml));
  return more === "" ? undefined : { objects, more };
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

/** As servers of S3 escape text: by name, and Go's encoding/xml quotes by number. */
const ESCAPED: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&#34;": '"',
  "&#39;": "'",
};

/** A token is any text, and `encoding-type=url` leaves it as it is. */
const unescaped = (text: string): string =>
  text.replace(/&(?:[a-z]+|#\d+);/g, (entity) => ESCAPED[entity] ?? entity);

function textOf(tag: string, xml: string): string {
  const begin = xml.indexOf(`<${tag}>`);
  if (begin < 0) return "";
  const end = xml.indexOf("</", begin);
  return end < 0 ? "" : xml.slice(begin + tag.length + 2, end);
}
