/**
 * `node es-modules.mjs mermaid|prettier`: reads a JSON list of texts from standard input, and prints a list of what that
 * library says of each. A program of its own, since both are ES modules, which jest does not load.
 */
const judges = {
  /** The diagram's kind, or mermaid's complaint. Mermaid wants a browser's window. */
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
};

const judge = await judges[process.argv[2]]();
let input = "";
for await (const chunk of process.stdin) input += chunk;
const answers = [];
for (const text of JSON.parse(input)) answers.push(await judge(text));
console.log(JSON.stringify(answers));
