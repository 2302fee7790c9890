/** The sentences of a document, and the marks behind them that say which promise they make. */
import type { Token, Tokens } from "marked" with { "resolution-mode": "import" };

/** A sentence, with the marks that follow it. */
export interface Sentence {
  /** Its Markdown without marks, links and bold type: a cell of a table or another document can quote it. */
  readonly text: string;
  /** The same without links and code: these quote other pages and programs. */
  readonly ownWords: string;
  /** Ids of the promises that it makes. */
  readonly promises: readonly string[];
  /** Whether a mark says that it is no promise, and why. */
  readonly excused: boolean;
}

/** A paragraph, a cell of a table, or a paragraph of a list's item. */
export interface Block {
  readonly kind: "paragraph" | "item" | "cell";
  /** Whether it says where something is told: an item or cell that begins with a link. */
  readonly isNavigation: boolean;
  readonly sentences: readonly Sentence[];
}

export interface Document {
  readonly blocks: readonly Block[];
  /** Marks that are none: misspelt, or at the beginning of a line, where a comment ends the paragraph. */
  readonly strayMarks: readonly string[];
}

const COMMENT = /<!--[^]*?-->/g;
const CODE = /(`+)[^]*?\1/g;
const LINK = /!?\[([^\]]*)\]\([^)]*\)/g;
const PROMISE = /^<!-- promise: ([a-z0-9]+(?:-[a-z0-9]+)*) -->$/;
const EXCUSE = /^<!-- no promise: \S[^]* -->$/;

/** Reads a document. What is in a block of code is no sentence. */
export async function readDocument(markdown: string): Promise<Document> {
  const { lexer } = await import("marked");
  const texts: { kind: Block["kind"]; text: string }[] = [];
  const strays: string[] = [];
  const visit = (token: Token, kind: Block["kind"]): void => {
    const part = token as Tokens.Generic;
    if (part.type === "html") strays.push(...marksIn(part.raw));
    else if (part.type === "list") (part as Tokens.List).items.forEach((item) => visit(item, "item"));
    else if (part.type === "table") {
      const { header, rows } = part as Tokens.Table;
      texts.push(...[header, ...rows].flat().map(({ text }) => ({ kind: "cell" as const, text })));
    } else if (part.type === "paragraph" || part.type === "text") texts.push({ kind, text: part.raw });
    else if (part.type !== "heading") part.tokens?.forEach((inner) => visit(inner, kind));
  };
  lexer(markdown).forEach((token) => visit(token, "paragraph"));
  return {
    blocks: texts.map(({ kind, text }) => ({
      kind,
      isNavigation: kind !== "paragraph" && text.startsWith("["),
      sentences: sentencesOf(text),
    })),
    strayMarks: [...strays, ...texts.flatMap(({ text }) => marksIn(text).filter((mark) => !isMark(mark)))],
  };
}

const marksIn = (text: string): string[] =>
  (text.match(COMMENT) ?? []).filter((comment) => /promise/i.test(comment));

const isMark = (comment: string): boolean => PROMISE.test(comment) || EXCUSE.test(comment);

function sentencesOf(text: string): Sentence[] {
  // A full stop in code or in a comment ends nothing.
  const hidden = text.replace(/(`+)[^]*?\1|<!--[^]*?-->/g, (part) => "x".repeat(part.length));
  const ends = [...hidden.matchAll(/[.!?][*_)"']*(?=\s|$)/g)].map(({ index, 0: end }) => {
    const marks = /^(?:\s*<!--[^]*?-->)*/.exec(text.slice(index + end.length))?.[0] ?? "";
    return index + end.length + marks.length;
  });
  return [...ends, text.length]
    .map((end, number, all) => text.slice(all[number - 1] ?? 0, end).trim())
    .filter((sentence) => sentence !== "")
    .map(sentenceOf);
}

function sentenceOf(markdown: string): Sentence {
  const comments = markdown.match(COMMENT) ?? [];
  const words = (links: string): string =>
    markdown.replace(COMMENT, "").replace(LINK, links).replaceAll("**", "").replace(/\s+/g, " ").trim();
  return {
    text: words("$1"),
    ownWords: words("").replace(CODE, ""),
    promises: comments.flatMap((comment) => PROMISE.exec(comment)?.[1] ?? []),
    excused: comments.some((comment) => EXCUSE.test(comment)),
  };
}
