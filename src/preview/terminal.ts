/** Draws a report for a person at a terminal. */
import { unmarked } from "../base/markdown";
import { oneLine } from "../base/printable";
import { fittedTable } from "../base/table";
import { wrapped } from "../base/wrap";
import type { Block, Item, Sign } from "./report";

/** What a style means is for the terminal to decide. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow";

export interface Terminal {
  /** Its width. Only a word that is longer makes a longer line. */
  readonly columns: number;
  /** Adds colors, if it has any. */
  readonly paint: (style: Style, text: string) => string;
}

const STYLES: Readonly<Record<Sign, Style>> = { "+": "green", "-": "red", "~": "yellow" };

/** What stands right above what follows. */
const HEADS: ReadonlySet<Block["kind"]> = new Set(["cluster", "heading"]);

export function toTerminal(report: readonly Block[], terminal: Terminal): string {
  const drawer = new Drawer(terminal);
  return report
    .map((block) => ({ block, lines: drawer.drawn(block) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ block, lines }) => [...lines, ...(HEADS.has(block.kind) ? [] : [""])].join("\n"))
    .join("\n");
}

class Drawer {
  public constructor(private readonly terminal: Terminal) {}

  public drawn(block: Block): string[] {
    switch (block.kind) {
      // The person has just typed it.
      case "title":
        return [];
      case "summary":
        return [
          ...this.painted("bold", this.text(block.text)),
          ...(block.against === undefined ? [] : this.text(block.against)),
        ];
      case "cluster":
      case "heading":
        return this.painted("bold", this.text(block.text));
      case "text":
        return this.text(block.text);
      case "note":
        return this.text(`Note: ${block.text}`, "      ");
      case "failure":
        return this.painted("red", this.text(block.text));
      case "dangers":
        return block.items.flatMap((danger) => this.painted("red", this.text(`! ${danger}`, "  ")));
      case "list":
        return block.items.flatMap((item) => this.item(item));
      case "table":
        return this.table(block);
      case "flows":
        return block.flows.flatMap(({ sign, text }) =>
          this.painted(STYLES[sign], this.lines(`${sign} ${text}`, "  ")),
        );
      case "output":
        return block.text.split("\n").flatMap((line) => this.lines(line, "  "));
    }
  }

  private item({ sign, text }: Item): string[] {
    return sign === undefined
      ? this.text(`  ${text}`, "    ")
      : this.painted(STYLES[sign], this.text(`${sign} ${text}`, "  "));
  }

  private table({ head, rows }: Extract<Block, { kind: "table" }>): string[] {
    const plain = [head, ...rows].map((row) => row.map((cell) => oneLine(unmarked(cell))));
    const [first = "", ...lines] = fittedTable(plain, this.terminal.columns);
    return [...this.painted("dim", [first]), ...lines.map((line) => this.signed(line))];
  }

  private signed(line: string): string {
    const [sign = ""] = line;
    return sign in STYLES && line[1] === " "
      ? `${this.terminal.paint(STYLES[sign as Sign], sign)}${line.slice(1)}`
      : line;
  }

  /** Inline Markdown as lines. */
  private text(markdown: string, hang = ""): string[] {
    return this.lines(unmarked(markdown), hang);
  }

  private lines(text: string, hang: string): string[] {
    return wrapped(oneLine(text), this.terminal.columns, hang);
  }

  private painted(style: Style, lines: readonly string[]): string[] {
    return lines.map((line) => this.terminal.paint(style, line));
  }
}
