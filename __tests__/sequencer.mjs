import Sequencer from "@jest/test-sequencer";

/**
 * The slowest suites, slowest first, by the beginning of their paths. Jest knows durations only where it has run before, and
 * otherwise starts with the largest files: a suite that takes minutes would start when all others have ended.
 */
const SLOWEST = [
  "system/mutation",
  "system/nspawn/",
  "system/machines/trouble",
  "system/machines/interrupted-",
  "system/package/",
  "system/machines/trial",
  "system/kubernetes/quorum",
  "system/machines/",
  "system/tofu/",
  "system/",
  "preview/",
  "project",
  "reference/",
  "package/",
  "cli/",
];

const rank = ({ path }) => {
  const index = SLOWEST.findIndex((part) => path.includes(`/__tests__/${part}`));
  return index === -1 ? SLOWEST.length : index;
};

export default class SlowestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
}
