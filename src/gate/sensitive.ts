import type { Change } from "./plan";

/** Whether nobody should see an attribute: of one element of a list as of all of them, and of a block as of what is in it. */
export const isSensitive = ({ before_sensitive, after_sensitive }: Change, attribute: string): boolean =>
  [...marked(before_sensitive), ...marked(after_sensitive)].some(
    (path) => path === "" || `${attribute}.`.startsWith(`${path}.`) || path.startsWith(`${attribute}.`),
  );

/** The attributes that have `true` in a tree of marks. */
function marked(marks: unknown, path = ""): string[] {
  if (marks === true) return [path];
  if (Array.isArray(marks)) return marks.flatMap((mark) => marked(mark, path));
  if (typeof marks !== "object" || marks === null) return [];
  return Object.entries(marks).flatMap(([name, mark]) =>
    marked(mark, path === "" ? name : `${path}.${name}`),
  );
}
