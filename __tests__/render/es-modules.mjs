/**
 * `node es-modules.mjs mermaid|prettier|marked`: reads a JSON list of texts from standard input, and prints a list with the
 * result of that library for each. It is a program because all are ES modules, which jest does not load.
 */
const judges = {
  /** The diagram's kind, or mermaid's error. Mermaid needs the window of a browser. */
  mermaid: async () => {
    const { JSDOM } = await import("jsdom");
    globalThis.window = new JSDOM("").window;
    globalThis.document = window.document;
    const { default: mermaid } = await import("mermaid");
    return (diagram) =>
      mermaid.parse(diagram).then(
        ({ diagramType }) => diagramType,
        (error) => `wrong: ${error.message}`,
      );
  },
  /** The Markdown as prettier formats it. */
  prettier: async () => {
    const { format } = await import("prettier");
    return (markdown) => format(markdown, { parser: "markdown" });
  },
  /** The Markdown as a browser shows it: all elements, and the text and elements of each cell. */
  marked: async () => {
    const { JSDOM } = await import("jsdom");
    const { marked } = await import("marked");
    const { DOMParser } = new JSDOM("").window;
    const elementsOf = (node) => [...node.querySelectorAll("*")].map(({ localName }) => localName);
    return (markdown) => {
      const { body } = new DOMParser().parseFromString(marked.parse(markdown), "text/html");
      const cells = [...body.querySelectorAll("td")].map((cell) => ({
        text: cell.textContent.trim(),
        elements: elementsOf(cell),
      }));
      return { elements: elementsOf(body), cells };
    };
  },
};

const judge = await judges[process.argv[2]]();
let input = "";
for await (const chunk of process.stdin) input += chunk;
const answers = [];
for (const text of JSON.parse(input)) answers.push(await judge(text));
console.log(JSON.stringify(answers));
