import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds in which requests collect for a run, since checks that begin together go on almost together. */
const COLLECTING = 15;

/** Does in one run what was asked for before it starts. One run follows another, and requests collect meanwhile for the next. */
export class Batch<Request, Result> {
  private waiting: Request[] = [];
  private next: Promise<Result> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  public constructor(private readonly run: (requests: readonly Request[]) => Promise<Result>) {}

  /** The result of the run that includes the request. */
  public ask(request: Request): Promise<Result> {
    this.waiting.push(request);
    if (this.next === undefined) this.last = this.next = this.after(this.last);
    return this.next;
  }

  private async after(last: Promise<unknown>): Promise<Result> {
    await Promise.allSettled([last, sleep(COLLECTING)]);
    const requests = this.waiting;
    this.waiting = [];
    this.next = undefined;
    return this.run(requests);
  }
}
