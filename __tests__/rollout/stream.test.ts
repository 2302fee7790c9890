/** A stream of bytes between two programs of this machine. */
import { converse, type Conversation } from "../../src/base/process";
import { stream, type Streamed } from "../../src/rollout/stream";

const program = (script: string): Conversation => converse("sh", ["-c", script]);

const streamed = (source: string, sink: string, seconds = 20): Promise<Streamed & { sent: number }> => {
  let sent = 0;
  const options = { input: "in", seconds, onBytes: (bytes: number) => (sent = bytes) };
  return stream(program(source), program(sink), options).then((end) => ({ ...end, sent }));
};

test("arrives as it was sent, and is counted", async () => {
  const source = "cat; head -c 300000 /dev/zero; printf '\\377'";
  const { sink, failed, sent } = await streamed(source, "head -c 2; tail -c 1 | od -An -tx1; wc -c");
  expect([sink.stdout.replace(/\s/g, ""), failed, sent]).toEqual(["inff0", undefined, 300_003]);
});

test("does not end a sender that closes its output before it ends", async () => {
  const { source, failed } = await streamed("cat; exec >&-; sleep 1; echo done >&2", "cat");
  expect([source.status, source.stderr, failed]).toEqual([0, "done\n", undefined]);
});

test("ends with the receiver, however much there is to send", async () => {
  const { sink, failed } = await streamed("cat /dev/zero", "head -c 1 >/dev/null; echo no >&2; exit 3");
  expect([sink.status, sink.stderr, failed]).toEqual([3, "no\n", "sink"]);
});

test("ends for the receiver with the sender, whose failure is the cause", async () => {
  const { source, sink, failed } = await streamed("printf part; exit 4", "cat; exit 5");
  expect([source.status, sink.status, sink.stdout, failed]).toEqual([4, 5, "part", "source"]);
});

test("ends when its time is over", async () => {
  const { isLate } = await streamed("sleep 60", "cat", 1);
  expect(isLate).toBe(true);
});

test("ends when a program does not start", async () => {
  const nothing = converse("/nowhere/ssh", []);
  const { failed, source } = await stream(nothing, program("cat"), {
    input: "",
    seconds: 20,
    onBytes: () => undefined,
  });
  expect([failed, source.stderr]).toEqual(["source", expect.stringContaining("ENOENT")]);
});
