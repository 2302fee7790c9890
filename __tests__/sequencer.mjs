import Sequencer from "@jest/test-sequencer";

/**
 * Suites that take longest, by parts of their paths. Jest knows durations only where it ran before, and else takes the
 * largest file for the longest suite: one of minutes would begin when all others have ended.
 */
const LONGEST = [
  "system/mutation",
  "system/nspawn/",
  "system/machines/interrupted-",
  "system/kubernetes/quorum",
  "system/machines/",
  "system/tofu/",
  "system/",
];

const rank = ({ path }) => {
  const index = LONGEST.findIndex((part) => path.includes(`/__tests__/${part}`));
  return index === -1 ? LONGEST.length : index;
};

export default class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
}
