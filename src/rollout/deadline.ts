/** A deadline by the monotonic clock: the wall clock may jump. */
export class Deadline {
  private readonly end: number;

  public constructor(seconds: number) {
    this.end = performance.now() + seconds * 1000;
  }

  public get passed(): boolean {
    return this.secondsLeft <= 0;
  }

  /** Negative when it has passed. */
  public get secondsLeft(): number {
    return (this.end - performance.now()) / 1000;
  }
}

/** @param signal - ends the pause early */
export const pause = (seconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, seconds * 1000);
    signal?.addEventListener("abort", end);
    if (signal?.aborted === true) end();
  });
