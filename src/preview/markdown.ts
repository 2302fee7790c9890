/** Draws a report in Markdown, for a pull request or a file. */
import { markdownTable } from "../base/table";
import type { Block } from "./report";

export const toMarkdown = (report: readonly Block[]): string => report.map(drawn).join("\n");

function drawn(block: Block): string {
  switch (block.kind) {
    case "title":
    case "cluster":
      return `# ${block.text}\n`;
    case "summary":
      return `${[`**${block.text}**`, ...(block.against === undefined ? [] : [block.against])].join(" ")}\n`;
    case "heading":
      return `## ${block.text}\n`;
    case "text":
      return `${block.text}\n`;
    case "note":
      return `> [!NOTE]\n> ${block.text}\n`;
    case "failure":
      return `> [!CAUTION]\n> ${block.text}\n`;
    case "dangers":
      return `> [!CAUTION]\n>\n${block.items.map((danger) => `> - ${danger}\n`).join("")}`;
    case "list":
      return block.items
        .map(({ sign, text }) => `- ${sign === undefined ? "" : `\`${sign}\` `}${text}\n`)
        .join("");
    case "table":
      return markdownTable(block.head, block.rows);
    case "flows":
      return fenced(
        "diff",
        block.flows.map(({ sign, text }) => `${sign} ${text}`.replaceAll("`", "'")).join("\n"),
      );
    case "output":
      return fenced("text", block.text.replaceAll("```", "'''"));
  }
}

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\`\n`;
