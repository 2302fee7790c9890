import type { IConstruct } from "constructs";

/** Constructs of the class that come before this one in the app's tree. */
export function constructsBefore<T extends IConstruct>(
  construct: T,
  type: abstract new (...args: never[]) => T,
): T[] {
  const all = construct.node.root.node.findAll().filter((other): other is T => other instanceof type);
  return all.slice(0, all.indexOf(construct));
}
