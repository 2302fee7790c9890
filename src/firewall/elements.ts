import type { Node } from "../config/model";
import type { PortRange } from "../config/settings";
import { comment } from "../base/escape";

const INDENT = "      ";

/** Elements of a set, one on each line, so that another element is another line in a diff. */
export const elements = (values: readonly string[]): string =>
  values.map((value) => `${INDENT}${value},\n`).join("");

export const portElements = (flows: readonly { ports: PortRange; why: string }[]): string =>
  flows.map(({ ports, why }) => `${INDENT}${range(ports)}, # ${comment(why)}\n`).join("");

export const range = ({ from, to }: PortRange): string => (from === to ? `${from}` : `${from}-${to}`);

/**
 * Elements for all nodes except one. The text is built once, and each host cuts its own element out: building it for
 * each of a thousand hosts would format a million lines.
 */
export class NodeElements {
  private readonly text: string;
  private readonly spans = new Map<string, [start: number, end: number]>();

  public constructor(nodes: readonly Node[], element: (node: Node) => string) {
    let text = "";
    for (const node of nodes) {
      const start = text.length;
      text += `${INDENT}${element(node)}, # ${comment(node.hostname)}\n`;
      this.spans.set(node.id, [start, text.length]);
    }
    this.text = text;
  }

  public without(node: Node): string {
    const [start, end] = this.spans.get(node.id) ?? [0, 0];
    return this.text.slice(0, start) + this.text.slice(end);
  }
}
