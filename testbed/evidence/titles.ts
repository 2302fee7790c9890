/** The titles of tests: as a suite's source states them, and as a run reports them. */
import ts from "typescript";

/** Titles from an outer `describe` down to a test, or to a `describe` that stands for all of its tests. */
export type Titles = readonly string[];

const SEPARATOR = " › ";

/** As jest prints them. */
export const printed = (titles: Titles): string => titles.join(SEPARATOR);

export const titlesFrom = (text: string): Titles => text.split(SEPARATOR);

/** Position of the title among the arguments of the functions that define tests. */
const TITLE: Readonly<Record<string, number>> = { describe: 0, test: 0, describeWith: 1 };

/**
 * The titles of every `describe` and test in the source of a suite, which is parsed and not run. A title that is no literal, and what
 * stands in `${}` of one, is what the source says of it.
 */
export function titlesIn(source: string): Titles[] {
  const found: Titles[] = [];
  const visit = (node: ts.Node, outer: Titles): void => {
    const title = ts.isCallExpression(node) ? titleOf(node) : undefined;
    const titles = title === undefined ? outer : [...outer, title];
    if (title !== undefined) found.push(titles);
    ts.forEachChild(node, (child) => visit(child, titles));
  };
  visit(ts.createSourceFile("suite.ts", source, ts.ScriptTarget.ES2022, true), []);
  return found;
}

function titleOf(call: ts.CallExpression): string | undefined {
  const name = functionOf(call.expression);
  const title = Object.hasOwn(TITLE, name) ? call.arguments[TITLE[name] as number] : undefined;
  if (title === undefined || isTable(call.expression)) return undefined;
  if (ts.isStringLiteralLike(title)) return title.text;
  return ts.isTemplateExpression(title) ? title.getText().slice(1, -1) : `\${${title.getText()}}`;
}

/** The `test` of `test(…)`, of `test.skip(…)`, and of `test.each(…)(…)`. */
function functionOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isPropertyAccessExpression(node) || ts.isCallExpression(node) ? functionOf(node.expression) : "";
}

/** The `test.each(…)` of `test.each(…)(…)`: its argument is a table and no title. */
const isTable = (node: ts.Expression): boolean =>
  ts.isPropertyAccessExpression(node) && node.name.text === "each";

/** Whether the titles are among the others, one behind the other: what stands around them does not matter. */
const within = (titles: Titles, others: Titles, matches: (one: string, other: string) => boolean): boolean =>
  others.some((_, at) =>
    titles.every((title, index) => {
      const other = others[at + index];
      return other !== undefined && matches(title, other);
    }),
  );

/** Whether a suite whose source has these titles has a `describe` or a test of that name. */
export const isAmong = (titles: Titles, inSource: readonly Titles[]): boolean =>
  inSource.some((others) => within(titles, others, (one, other) => one === other));

/** Whether a test of a run, with all titles around its own, is one that the titles name. */
export const names = (titles: Titles, ofRun: Titles): boolean =>
  within(titles, ofRun, (written, ran) => patternOf(written).test(ran));

/** What `test.each` and `${}` fill in. */
const PLACEHOLDER = /\$\{[^}]*\}|%[#$a-zA-Z]|\$\w+(?:\.\w+)*/;

/** A title as a reader needs it. */
export const shown = (title: string): string => title.split(PLACEHOLDER).join("…").replaceAll("%%", "%");

const patternOf = (title: string): RegExp =>
  new RegExp(
    `^${title
      .split(PLACEHOLDER)
      .map((part) => part.replaceAll("%%", "%").replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))
      .join("[^]*")}$`,
  );
