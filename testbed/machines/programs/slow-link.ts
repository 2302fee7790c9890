/**
 * Stand-in for a link of a long way: a ProxyCommand that gives each piece of data to the other side so many milliseconds
 * after it came. By a clock and not by netem, which not every kernel has.
 */
import { connect } from "node:net";
import type { Readable, Writable } from "node:stream";

const [host = "", port = "22", oneWay = "0"] = process.argv.slice(2);

/** The end of the data takes as long as the data. */
function delayed(from: Readable, to: Writable): void {
  from.on("data", (piece: Buffer) => setTimeout(() => to.write(piece), Number(oneWay)));
  from.on("end", () => setTimeout(() => to.end(), Number(oneWay)));
}

// A connection takes one round trip to come about.
setTimeout(
  () => {
    const socket = connect(Number(port), host);
    socket.setNoDelay(true);
    socket.on("error", (error) => {
      console.error(error.message);
      process.exit(1);
    });
    socket.on("close", () => setTimeout(() => process.exit(0), Number(oneWay)));
    delayed(process.stdin, socket);
    delayed(socket, process.stdout);
  },
  Number(oneWay) * 2,
);
