import { Refusal } from "./refusal";
import type { Token } from "./token";

interface Task {
  status: "running" | "stopped";
  exit: string | undefined;
  timer: NodeJS.Timeout | undefined;
}

const hex = (number: number): string => number.toString(16).toUpperCase().padStart(8, "0");

/** Background tasks, each with a UPID, which the provider polls until the task has ended. */
export class Tasks {
  private readonly tasks = new Map<string, Task>();

  /** @param milliseconds until the work is done and the task has ended; 0 does it at once */
  public start(
    { node, type, id, token }: { node: string; type: string; id: number; token: Token },
    milliseconds: number,
    work: () => void,
  ): string {
    const number = this.tasks.size + 1;
    const upid = `UPID:${node}:${hex(number)}:${hex(number)}:${hex(Math.floor(Date.now() / 1000))}:${type}:${id}:${token.name}:`;
    const task: Task = { status: "running", exit: undefined, timer: undefined };
    this.tasks.set(upid, task);
    if (milliseconds === 0) finish(task, work);
    else task.timer = setTimeout(() => finish(task, work), milliseconds);
    return upid;
  }

  public status(upid: string): { status: string; exitstatus?: string } {
    const { status, exit } = this.find(upid);
    return { status, ...(exit !== undefined && { exitstatus: exit }) };
  }

  public log(upid: string): { n: number; t: string }[] {
    return [{ n: 1, t: `TASK ${this.find(upid).exit ?? "is running"}` }];
  }

  /** The node loses its power: no running task ends. */
  public abandon(): void {
    for (const task of this.tasks.values()) clearTimeout(task.timer);
  }

  private find(upid: string): Task {
    const task = this.tasks.get(upid);
    if (task === undefined)
      throw new Refusal(400, "Parameter verification failed.", { upid: "unable to parse" });
    return task;
  }
}

function finish(task: Task, work: () => void): void {
  try {
    work();
    task.exit = "OK";
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    task.exit = error.reason;
  }
  task.status = "stopped";
}
