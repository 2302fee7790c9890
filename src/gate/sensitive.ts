import type { Change } from "./plan";

/** Whether an attribute is sensitive. A mark on one list element counts for all, and a mark in a block for the whole block. */
export const isSensitive = ({ before_sensitive, after_sensitive }: Change, attribute: string): boolean =>
  [...marked(before_sensitive), ...marked(after_sensitive)].some(
    (path) => path === "" || `${attribute}.`.startsWith(`${path}.`) || path.startsWith(`${attribute}.`),
  );

/** Paths that have `true` in a tree of marks. */
function marked(marks: unknown, path = ""): string[] {
  if (marks === true) return [path];
  if (Array.isArray(marks)) return marks.flatMap((mark) => marked(mark, path));
  if (typeof marks !== "object" || marks === null) return [];
  return Object.entries(marks).flatMap(([name, mark]) =>
    marked(mark, path === "" ? name : `${path}.${name}`),
  );
}
