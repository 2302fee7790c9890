import { Log, type Event } from "../../src/rollout/log";
import { Redactor } from "../../src/rollout/secrets";
import { unlessStopped, untilFinished } from "../../src/rollout/stopping";
import { temporaryFolder } from "../fixture";

const never = (): Promise<never> => new Promise(() => undefined);

describe("work that changes nothing", () => {
  test("is abandoned at a request to stop", async () => {
    const stop = new AbortController();
    const work = unlessStopped(stop.signal, never);
    stop.abort();
    await expect(work).rejects.toMatchObject({ code: "interrupted" });
  });

  test("does not begin after a request to stop", async () => {
    const work = jest.fn(never);
    await expect(unlessStopped(AbortSignal.abort(), work)).rejects.toMatchObject({ code: "interrupted" });
    expect(work).not.toHaveBeenCalled();
  });

  test("ends with its result when nobody asks", async () => {
    const { signal } = new AbortController();
    expect(await unlessStopped(signal, () => Promise.resolve(1))).toBe(1);
    await expect(unlessStopped(signal, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});

describe("work that changes hosts", () => {
  const told: Event[] = [];
  const log = (): Log => new Log(temporaryFolder(), new Redactor(), (event) => told.push(event));

  beforeEach(() => told.splice(0));

  test("is finished after a request to stop, which a message announces", async () => {
    const stop = new AbortController();
    let finish: (result: number) => void = () => undefined;
    const work = untilFinished(
      stop.signal,
      log(),
      () => new Promise<number>((resolve) => (finish = resolve)),
    );
    expect(told).toEqual([]);
    stop.abort();
    expect(told).toEqual([
      expect.objectContaining({ host: "cluster", words: expect.stringMatching(/^Stopping: /) }),
    ]);
    finish(1);
    expect(await work).toBe(1);
  });

  test("prints no message when the request comes after its end", async () => {
    const stop = new AbortController();
    await untilFinished(stop.signal, log(), () => Promise.resolve());
    stop.abort();
    expect(told).toEqual([]);
  });

  test("does not begin after a request to stop", async () => {
    const work = jest.fn(never);
    await expect(untilFinished(AbortSignal.abort(), log(), work)).rejects.toMatchObject({
      code: "interrupted",
    });
    expect(work).not.toHaveBeenCalled();
  });
});
