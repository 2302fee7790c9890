import { readDocument, type Sentence } from "../../../testbed/evidence/sentences";

const sentences = async (markdown: string): Promise<Sentence[]> =>
  (await readDocument(markdown)).blocks.flatMap((block) => block.sentences);

const strayMarks = async (markdown: string): Promise<readonly string[]> =>
  (await readDocument(markdown)).strayMarks;

const said = (text: string, ...promises: string[]): Sentence => ({
  text,
  ownWords: text.replace("`a. b`", "").replace(" stays", " "),
  promises,
  excused: false,
});

test("a mark belongs to the sentence before it, wherever that stands", async () => {
  const markdown = `# A heading is no sentence.

**It cannot lock you out.** <!-- promise: no-lock-out --> The file \`a. b\` of 1.2
[stays](x.md). <!-- promise: stays --> <!-- promise: is-yours --> And more

- **An item** that says one thing, <!-- promise: early --> and goes on. The next.
  - An item below it <!-- promise: below -->

> A quotation. <!-- promise: quoted -->

| what                           | how |
| ------------------------------ | --- |
| a row <!-- promise: a-row -->  | b   |

\`\`\`md
A block of code. <!-- promise: in-code -->
\`\`\`
`;
  expect(await sentences(markdown)).toEqual([
    said("It cannot lock you out.", "no-lock-out"),
    said("The file `a. b` of 1.2 stays.", "stays", "is-yours"),
    said("And more"),
    said("An item that says one thing, and goes on.", "early"),
    said("The next."),
    said("An item below it", "below"),
    said("A quotation.", "quoted"),
    said("what"),
    said("how"),
    said("a row", "a-row"),
    said("b"),
  ]);
});

test("a sentence is excused by a mark that says why", async () => {
  expect(await sentences("It never rains. <!-- no promise: weather -->")).toEqual([
    { text: "It never rains.", ownWords: "It never rains.", promises: [], excused: true },
  ]);
});

test.each([
  ["<!-- promise: Not an id -->"],
  ["<!-- promise:no-space -->"],
  ["<!-- no promise -->"],
  ["<!-- promises: a, b -->"],
])("%s is no mark, and is told", async (mark) => {
  expect(await strayMarks(`Text. ${mark}\n`)).toEqual([mark]);
  expect(await strayMarks("Text. <!-- promise: one --> <!-- a comment -->\n")).toEqual([]);
});

test("a mark at the beginning of a line, which would end the paragraph, is told", async () => {
  expect(await strayMarks("Text.\n<!-- promise: one --> More.\n")).toEqual(["<!-- promise: one -->"]);
});
