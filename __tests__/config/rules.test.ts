/** The mistakes once more, without a synth: `mistakes.test.ts` claims how they are told, this how they are found. */
import { warningsOf } from "../../src/config/warnings";
import { ALPHARD, HAMAL, MIZAR, REFERENCE, type TestNode } from "../fixture";
import { ALL_MISTAKES, OF_MANIFESTS, type Mistake } from "./mistakes";
import { OPERATOR_KEY } from "./operator-key";
import { OF_PVE } from "./pve-mistakes";
import { resolved } from "./resolved";

/** Of the last synth, which had no mistake. */
const LAST = [ALPHARD, HAMAL, MIZAR].map((node) => ({
  ...node,
  terraformName: node.id.replaceAll("-", "_"),
}));

const LAST_PLACES = { places: new Map(LAST.map(({ vmId }) => [vmId, "pve"])), isReadable: true };

/** Only a construct reads files. */
const needsFiles = (mistake: Mistake): boolean =>
  OF_MANIFESTS.includes(mistake) || "authorizedKeysFile" in (mistake[1].settings ?? {});

test.each(
  [...ALL_MISTAKES, ...OF_PVE]
    .filter((mistake) => !needsFiles(mistake))
    .map((mistake) => ({ what: mistake[0], mistake })),
)("$what", ({ mistake: [, { settings, mizar, nodes }, ...lines] }) => {
  const { cluster, faults } = resolved(
    { ...REFERENCE, ...settings },
    (nodes ?? [ALPHARD, HAMAL, { ...MIZAR, ...mizar }]) as TestNode[],
    OPERATOR_KEY,
    LAST_PLACES,
  );
  const warnings = faults.length > 0 ? [] : warningsOf(cluster, LAST);
  expect([...faults, ...warnings.map((warning) => `Warning: ${warning}`)]).toEqual(lines);
});
