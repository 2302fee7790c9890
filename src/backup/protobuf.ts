/** Reads a message of Protocol Buffers, as etcd and Kubernetes write them (protobuf.dev/programming-guides/encoding). */

/** The bytes are damaged, or are no message. */
export class NotProtobuf extends Error {
  public override readonly name = "NotProtobuf";
}

/** How a field is encoded. */
const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

/** Of 64 bits, such as the ID of a lease, which is read inexactly and not used. */
const VARINT_BYTES = 10;

/** A message by the numbers of its fields. */
export class Message {
  private readonly bytes = new Map<number, Buffer[]>();
  private readonly numbers = new Map<number, number>();

  /** @throws NotProtobuf */
  public constructor(content: Buffer) {
    for (let at = 0; at < content.length;) {
      const [tag, afterTag] = varint(content, at);
      const field = Math.floor(tag / 8);
      const wire = tag & 7;
      if (wire === FIXED64 || wire === FIXED32) {
        at = afterTag + (wire === FIXED64 ? 8 : 4);
        continue;
      }
      const [value, afterValue] = varint(content, afterTag);
      at = afterValue;
      if (wire === VARINT) {
        this.numbers.set(field, value);
      } else if (wire === BYTES) {
        if (at + value > content.length) throw new NotProtobuf("an object is cut off");
        this.valuesOf(field).push(content.subarray(at, at + value));
        at += value;
      } else {
        throw new NotProtobuf("an object is of no known kind");
      }
    }
  }

  private valuesOf(field: number): Buffer[] {
    const values = this.bytes.get(field) ?? [];
    this.bytes.set(field, values);
    return values;
  }

  /** 0 if it is not there. */
  public number(field: number): number {
    return this.numbers.get(field) ?? 0;
  }

  /** Empty if it is not there. */
  public raw(field: number): Buffer {
    return this.bytes.get(field)?.at(-1) ?? Buffer.alloc(0);
  }

  /** Empty if it is not there. */
  public text(field: number): string {
    return this.raw(field).toString();
  }

  public texts(field: number): string[] {
    return (this.bytes.get(field) ?? []).map(String);
  }

  public has(field: number): boolean {
    return this.bytes.has(field);
  }

  /** A message in this one; one without fields if it is not there. */
  public in(field: number): Message {
    return new Message(this.raw(field));
  }

  public all(field: number): Message[] {
    return (this.bytes.get(field) ?? []).map((each) => new Message(each));
  }
}

function varint(bytes: Buffer, start: number): [value: number, end: number] {
  let value = 0;
  for (let at = start, scale = 1; at < bytes.length && at < start + VARINT_BYTES; at++, scale *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at + 1];
  }
  throw new NotProtobuf("an object is cut off");
}
