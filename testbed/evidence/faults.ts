/** What is wrong between documents, promises and tests. */
import { bedOf, type Bed, type Promises } from "./evidence";
import type { Document } from "./sentences";
import { isAmong, titlesFrom, titlesIn } from "./titles";

const DATA = "testbed/evidence/promises.ts";

/** Words by which a sentence promises something, unless it says that it does not. */
const ABSOLUTE = /\b(?:never|always|cannot|nothing|nobody|exactly)\b/i;

export interface Claims {
  /** By path. */
  readonly documents: ReadonlyMap<string, Document>;
  readonly promises: Promises;
  readonly beds: readonly Bed[];
  /** Source of a suite; `undefined` where there is none. */
  readonly sourceOf: (suite: string) => string | undefined;
}

/** Each says where it is and what to do. */
export const faultsOf = (claims: Claims): string[] => [
  ...[...claims.documents].flatMap(([path, document]) => faultsOfDocument(path, document, claims.promises)),
  ...Object.entries(claims.promises).flatMap(([id, { tests }]) => [
    ...faultsOfPlace(id, claims.documents),
    ...faultsOfTests(id, tests, claims),
  ]),
];

/** In README the items of lists say what you get. */
function faultsOfDocument(path: string, document: Document, made: Promises): string[] {
  const sentences = document.blocks.flatMap((block) => block.sentences);
  const unmarked = document.blocks
    .filter((block) => !block.isNavigation)
    .flatMap((block) =>
      block.sentences.filter(
        (one) => ABSOLUTE.test(one.ownWords) || (path === "README.md" && block.kind === "item"),
      ),
    )
    .filter(({ promises, excused }) => promises.length === 0 && !excused);
  const ids = new Set(sentences.flatMap((sentence) => sentence.promises));
  return [
    ...document.strayMarks.map(
      (mark) =>
        `${path}: ${mark} is not read as a mark. Write <!-- promise: an-id --> or <!-- no promise: the reason --> behind the sentence, on its line`,
    ),
    ...unmarked.map(
      ({ text }) =>
        `${path}: which test shows this? "${text}" Write <!-- promise: an-id --> behind it and the tests into ${DATA}, or <!-- no promise: the reason -->`,
    ),
    ...[...ids]
      .filter((id) => !Object.hasOwn(made, id))
      .map((id) => `${path}: the promise ${id} has no tests. Name them in ${DATA}`),
  ];
}

function faultsOfPlace(id: string, documents: Claims["documents"]): string[] {
  const blocks = [...documents.values()].flatMap((document) => document.blocks);
  const isMade = blocks.some(({ sentences }) => sentences.some(({ promises }) => promises.includes(id)));
  return isMade
    ? []
    : [
        `${DATA}: no document promises ${id}. Mark the sentence with <!-- promise: ${id} -->, or remove the entry`,
      ];
}

function faultsOfTests(id: string, tests: Promises[string]["tests"], { beds, sourceOf }: Claims): string[] {
  if (Object.values(tests).flat().length === 0) {
    return [`${DATA}: the promise ${id} has no tests. Name them, or do not promise it`];
  }
  return Object.entries(tests).flatMap(([suite, titles]) => {
    const source = sourceOf(suite);
    if (source === undefined)
      return [`${DATA}: ${suite}, which shows ${id}, is not there. Name the suite that does`];
    const inSource = titlesIn(source);
    return [
      ...titles
        .filter((text) => !isAmong(titlesFrom(text), inSource))
        .map(
          (text) => `${DATA}: ${suite} has no test '${text}', which shows ${id}. Name it as it is called now`,
        ),
      ...(bedOf(suite, beds)
        ? []
        : [`testbed/evidence/beds.ts: what is real in ${suite}? Add the suite to a bed`]),
    ];
  });
}
