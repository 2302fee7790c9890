/** Markdown as a reader's browser sees it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { anchorOf } from "../src/base/markdown";
import { REPOSITORY } from "./fixture";

/** Every document for people that is not emitted, by its path in the repository. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "SECURITY.md",
  ...readdirSync(join(REPOSITORY, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join("docs", path))
    .sort(),
];

export const textOf = (path: string): string => readFileSync(join(REPOSITORY, path), "utf8");

/** Links of a document to files and headings that are not there. */
export const brokenLinks = (document: string): string[] =>
  linksOf(textOf(document)).filter((link) => {
    if (link.startsWith("https://")) return false;
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? document : join(dirname(document), path);
    if (!existsSync(join(REPOSITORY, target))) return true;
    return anchor !== undefined && !anchorsOf(textOf(target)).includes(anchor);
  });

/** Anchors of headings as GitHub makes them; repeated headings get a number. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => {
    const anchor = anchorOf(heading);
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

export const linksOf = (text: string): string[] =>
  [...withoutCode(text).matchAll(/(?<!\\)\]\(([^)\s]+)\)/g)].map(([, link]) => link as string);

/** Bodies of the blocks in that language. */
export const fenced = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , body]) => body as string);

/** The text between backticks in a line. */
export const codeIn = (text: string): string[] =>
  [...withoutCode(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code as string);

const withoutCode = (text: string): string => text.replace(/^```[^]*?^```$/gm, "");
