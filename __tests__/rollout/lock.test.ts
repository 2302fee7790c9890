import { hostname } from "node:os";
import { isOver } from "../../src/rollout/lock";
import { ALPHARD, HAMAL } from "../fixture";
import { described, hosts, known } from "./sight";
import type { Facts } from "../../src/rollout/facts";
import type { Host } from "../../src/rollout/host";

const ELSEWHERE = "desk:7:5ca1ab1e";

describe("a rollout on another machine", () => {
  const [alphard, hamal] = hosts(described([ALPHARD, HAMAL])) as [Host, Host];
  const seen = (facts: Partial<Facts>, unreachable: readonly Host[] = []): boolean =>
    isOver(ELSEWHERE, {
      known: [known(alphard, facts), known(hamal)],
      unreachable: unreachable.map((host) => ({ host, error: undefined })),
    });

  test.each<[string, Partial<Facts>, boolean]>([
    ["has given its lock back", {}, true],
    ["was not heard of for a minute", { lock: { holder: ELSEWHERE, heardSeconds: 60 } }, true],
    ["was heard of", { lock: { holder: ELSEWHERE, heardSeconds: 59 } }, false],
    ["lost its lock to another", { lock: { holder: "other:8:beef", heardSeconds: 1 } }, true],
    ["may have had its lock on a server that just booted", { upSeconds: 59 }, false],
  ])("%s", (_, facts, over) => expect(seen(facts)).toBe(over));

  test("may have its lock on a server that does not answer", () => {
    expect(seen({}, [hamal])).toBe(false);
  });
});

test("a rollout on this machine is over with its process, whatever its lock says", () => {
  const lock = (rollout: string): Parameters<typeof isOver>[1] => {
    const [alphard] = hosts(described([ALPHARD])) as [Host];
    return { known: [known(alphard, { lock: { holder: rollout, heardSeconds: 0 } })], unreachable: [] };
  };
  const dead = `${hostname()}:4194399:beef`;
  const alive = `${hostname()}:${process.pid}:beef`;
  expect([isOver(dead, lock(dead)), isOver(alive, lock(alive))]).toEqual([true, false]);
});
