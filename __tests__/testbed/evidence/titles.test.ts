import { isAmong, names, printed, titlesFrom, titlesIn } from "../../../testbed/evidence/titles";

const SOURCE = `
test("stands alone", () => undefined);
describe("a host", () => {
  test.each([["a"], ["b"]])("is %s, and 100 %% so", () => undefined);
  describe.each(HOSTS)("$name.first", () => test(\`is read \${TIMES} times\`, () => undefined));
  test.skip(TITLE, () => undefined);
});
describeWith([NFT], "with nft", () => checks());
function checks() { test("is loaded", () => undefined); }
expect("a string").toBe(describe);
`;

test("the titles of a suite are read from its source", () => {
  expect(titlesIn(SOURCE).map(printed)).toEqual([
    "stands alone",
    "a host",
    "a host › is %s, and 100 %% so",
    "a host › $name.first",
    "a host › $name.first › is read ${TIMES} times",
    "a host › ${TITLE}",
    "with nft",
    "is loaded",
  ]);
});

test.each<[string, boolean]>([
  ["stands alone", true],
  ["a host", true],
  ["a host › is %s, and 100 %% so", true],
  ["$name.first › is read ${TIMES} times", true],
  ["is loaded", true],
  ["a host › is renamed", false],
  ["stands", false],
  ["with nft › is loaded", false],
])("whether a suite has '%s': %s", (text, expected) => {
  expect(isAmong(titlesFrom(text), titlesIn(SOURCE))).toBe(expected);
});

test.each<[string, readonly string[], boolean]>([
  ["a host", ["a host", "is b, and 100 % so"], true],
  ["a host › is %s, and 100 %% so", ["a host", "is b, and 100 % so"], true],
  ["is read ${TIMES} times", ["a host", "alphard", "is read 5 times"], true],
  ["$name.first", ["a host", "alphard", "is read 5 times"], true],
  ["is loaded", ["with nft", "is loaded"], true],
  ["is loaded", ["with nft", "is loaded twice"], false],
  ["a (host)?", ["a host"], false],
])("whether '%s' names the test %j of a run: %s", (text, ran, expected) => {
  expect(names(titlesFrom(text), ran)).toBe(expected);
});
