/**
 * `npm run evidence -- results.json` keeps what a run of the tests shows of the promises, in `last-run.json`, and writes
 * `docs/evidence.md`. Further results are of suites that were run again. Without results it writes the page from the run that is kept. With `--check`, as in `npm run check`, it writes
 * nothing. It ends with 1 if a promise has no test, and with 2 if the page is stale.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BEDS } from "./beds";
import { readDocuments } from "./documents";
import { faultsOf, type Claims } from "./faults";
import { evidencePage } from "./page";
import { GAPS, PROMISES } from "./promises";
import { runOf, type Results, type Run } from "./run";

const REPOSITORY = join(__dirname, "../..");
const RUN = join(__dirname, "last-run.json");
const PAGE = "docs/evidence.md";

/** What this repository claims. */
export const claims = async (): Promise<Claims> => ({
  documents: await readDocuments(REPOSITORY),
  promises: PROMISES,
  beds: BEDS,
  sourceOf: (suite) => {
    const path = join(REPOSITORY, suite);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  },
});

/** The text that `docs/evidence.md` should have. */
export const pageOf = ({ documents, promises, beds }: Claims): string =>
  evidencePage({ documents, promises, beds, gaps: GAPS, run: read<Run>(RUN) });

const read = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;

/** @throws Error where it is no such file, or no results of a run of this repository */
function keepRun(results: string, again: readonly string[]): void {
  const run = runOf(read<Results>(results), PROMISES, again.map(read<Results>));
  writeFileSync(RUN, `${JSON.stringify(run, null, 2)}\n`);
}

async function main([word, ...again]: readonly string[]): Promise<number> {
  const isCheck = word === "--check";
  const ours = await claims();
  const faults = faultsOf(ours);
  if (faults.length > 0) {
    console.error(faults.join("\n"));
    return 1;
  }
  if (word !== undefined && !isCheck) {
    try {
      keepRun(word, again);
    } catch (error) {
      const how = `npm test -- --json --outputFile=${word}`;
      console.error(`${word} has no results of a run of the tests: ${String(error)}\nTo make them: ${how}`);
      return 1;
    }
  }
  const text = pageOf(ours);
  const path = join(REPOSITORY, PAGE);
  if (!isCheck) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
    console.error(`Not what the documents and testbed/evidence say: ${PAGE}`);
    console.error("\nTo write it anew: npm run evidence");
    return 2; // changes are pending, as `check` says it of the hosts' files
  }
  return 0;
}

if (require.main === module) void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
