/** Markdown as a reader's browser sees it. */

/** As GitHub makes anchors of headings; a heading of the same words gets a number. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-");
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

export const linksOf = (text: string): string[] =>
  [...withoutCode(text).matchAll(/(?<!\\)\]\(([^)\s]+)\)/g)].map(([, link]) => link as string);

/** Bodies of the blocks in that language. */
export const fenced = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(
    ([, body]) => body as string,
  );

/** What stands between backticks in a line. */
export const codeIn = (text: string): string[] =>
  [...withoutCode(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code as string);

const withoutCode = (text: string): string => text.replace(/^```[^]*?^```$/gm, "");
