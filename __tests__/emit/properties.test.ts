import fc from "fast-check";
import { planEmission } from "../../src/emit/emission";
import { emission, emit, inTempFolder, put, texts, tree } from "./folder";

const path = fc
  .tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("x.nix", "y.nix", "z.nft", "w.json"))
  .map((segments) => segments.join("/"));
const text = fc.constantFrom("one", "two", "three");
const bodies = fc
  .dictionary(path, text)
  .map((files) =>
    Object.fromEntries(
      Object.entries(files).map(([at, it]) => [
        at,
        at.endsWith(".json") ? `{\n  "is": "${it}"\n}\n` : `${it}\n`,
      ]),
    ),
  );
/** What people put into the folder, partly at the path of a present or future file of ours. */
const foreign = fc.dictionary(
  fc.oneof(path, fc.constantFrom("a/local.nix", "d/local.nix", "d/x.nix", "README.md")),
  text,
);

test("a run leads exactly to the new files beside everybody else's, or is refused and changes nothing", () => {
  let refused = 0;
  let ran = 0;
  fc.assert(
    fc.property(bodies, foreign, bodies, (before, strangers, after) =>
      inTempFolder((folder) => {
        emit(folder, before);
        for (const [at, it] of Object.entries(strangers)) put(folder, at, it);
        const there = tree(folder);

        if (Object.keys(strangers).some((at) => at in after)) {
          expect(() => emit(folder, after)).toThrow("was not written by HostFiles");
          expect(tree(folder)).toEqual(there);
          refused++;
          return;
        }
        emit(folder, after);
        expect(tree(folder)).toEqual({ ...strangers, ...texts(after) });
        expect(planEmission(emission(folder, after))).toMatchObject({
          writes: [],
          removals: [],
          refusals: [],
        });
        ran++;
      }),
    ),
  );
  expect(Math.min(refused, ran)).toBeGreaterThan(5);
});
