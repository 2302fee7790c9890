/** Answers that a real S3 server does not give on demand; `__tests__/system/s3.test.ts` has a real one. */
import { readdirSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { SnapshotBucket } from "../../src/config/snapshots";
import { bucketUrl } from "../../src/s3/address";
import { errorCodeIn, pageIn } from "../../src/s3/answer";
import { Bucket } from "../../src/s3/bucket";
import { temporaryFolder } from "../fixture";

const SETTINGS: SnapshotBucket = {
  endpoint: "s3.example.org",
  bucket: "etcd",
  folder: "home",
  region: "eu-central-1",
  scheme: "https",
  isVerified: true,
  lookup: "auto",
};

test.each<readonly [what: string, settings: Partial<SnapshotBucket>, url: string]>([
  ["in the path", {}, "https://s3.example.org/etcd/"],
  ["at its port, without TLS", { endpoint: "10.0.0.1:9000", scheme: "http" }, "http://10.0.0.1:9000/etcd/"],
  ["in the host's name where K3s is told so", { lookup: "dns" }, "https://etcd.s3.example.org/"],
  [
    "in the host's name at Amazon",
    { endpoint: "s3.eu-central-1.amazonaws.com" },
    "https://etcd.s3.eu-central-1.amazonaws.com/",
  ],
  [
    "at the region's own host",
    { endpoint: "s3.amazonaws.com" },
    "https://etcd.s3.eu-central-1.amazonaws.com/",
  ],
  [
    "in the path where K3s is told so",
    { endpoint: "s3.amazonaws.com", lookup: "path" },
    "https://s3.eu-central-1.amazonaws.com/etcd/",
  ],
  [
    "in the path where a certificate would not cover it",
    { endpoint: "storage.googleapis.com", bucket: "my.etcd" },
    "https://storage.googleapis.com/my.etcd/",
  ],
])("the bucket is %s", (_, settings, url) => {
  expect(bucketUrl({ ...SETTINGS, ...settings }).href).toBe(url);
});

/** @param more - where the next page begins. @default - it is the last page */
const listing = (keys: readonly string[], more = ""): string =>
  `<?xml version="1.0"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${more !== ""}</IsTruncated>` +
  (more === "" ? "" : `<NextContinuationToken>${more}</NextContinuationToken>`) +
  keys
    .map((key) => `<Contents><Key>${key}</Key><Owner><ID>1</ID></Owner><Size>${key.length}</Size></Contents>`)
    .join("") +
  "<CommonPrefixes><Prefix>home/.metadata/</Prefix></CommonPrefixes></ListBucketResult>";

test("a list is read, with keys as they are", () => {
  expect(pageIn(listing(["home/a", "home/a%26+b"], "a&amp;&#34;&apos;=="))).toEqual({
    objects: [
      { key: "home/a", bytes: 6 },
      { key: "home/a& b", bytes: 11 },
    ],
    more: `a&"'==`,
  });
  expect(pageIn(listing([]))).toEqual({ objects: [] });
});

test.each([
  ["nothing", ""],
  ["a page for people", "<html>hello</html>"],
  ["an object without a size", "<ListBucketResult><Contents><Key>a</Key></Contents><Size>-1</Size>"],
  ["an object without a name", "<ListBucketResult><Contents><Size>1</Size></Contents>"],
  ["a name that no encoding gives", "<ListBucketResult><Contents><Key>%zz</Key><Size>1</Size></Contents>"],
  [
    "a page that does not say where the next one begins",
    "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
  ],
  ["a size that no file has", "<ListBucketResult><Contents><Key>a</Key><Size>1e99</Size></Contents>"],
])("%s is no list", (_, xml) => {
  expect(pageIn(xml)).toBeUndefined();
});

test("an answer as large as is read takes no longer than its reading", () => {
  const begun = performance.now();
  expect(pageIn(`<ListBucketResult>${"<Contents><Key>".repeat(250_000)}`)).toEqual({ objects: [] });
  expect(performance.now() - begun).toBeLessThan(2000);
});

test("an error is known by its code, and no other text of a server is shown", () => {
  expect(errorCodeIn("<Error><Code>NoSuchBucket</Code><Message>x</Message></Error>")).toBe("NoSuchBucket");
  expect(errorCodeIn("<Error><Code>No \u001b[31m</Code></Error>")).toBe("");
  expect(errorCodeIn("<Error><Code>")).toBe("");
});

describe("a server", () => {
  let server: Server;
  let answer: RequestListener;
  let asked: URL[];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(new URL(request.url ?? "", "http://host"));
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const bucket = (): Bucket => {
    const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new Bucket(
      { ...SETTINGS, endpoint, scheme: "http" },
      { accessKeyId: "id", secretAccessKey: "key" },
    );
  };
  const stop = new AbortController().signal;

  test("that lists page by page is read to the end, and only what is in the folder counts", async () => {
    // Folders count towards a page, so that one may have nothing else.
    const pages = [
      listing(["home/b", "home/x/y", "elsewhere"], "first"),
      listing([], "second=="),
      listing(["home/c", "home/"]),
    ];
    answer = (_, response) => response.end(pages[asked.length - 1]);
    expect(await bucket().list(stop)).toEqual([
      { name: "b", bytes: 6 },
      { name: "c", bytes: 6 },
    ]);
    const parameters = asked.map(({ searchParams }) => [
      searchParams.get("prefix"),
      searchParams.get("continuation-token"),
    ]);
    expect(parameters).toEqual([
      ["home/", null],
      ["home/", "first"],
      ["home/", "second=="],
    ]);
  });

  test("that never comes to an end is left", async () => {
    answer = (_, response) => response.end(listing(["home/a"], "again"));
    await expect(bucket().list(stop)).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringMatching(/The list of the bucket etcd at \S+ has more than 100 pages/) as string,
    });
    expect(asked).toHaveLength(100);
  });

  test("that answers with more than a list has is no service of S3", async () => {
    answer = (_, response) => response.end(`${listing([])}${" ".repeat(5_000_000)}`);
    await expect(bucket().list(stop)).rejects.toThrow("does not answer as a service of S3");
  });

  test.each<readonly [status: number, code: string, expected: object]>([
    [
      301,
      "PermanentRedirect",
      {
        code: "invalid",
        message: expect.stringMatching(/eu-central-1 is not the region of the bucket etcd/) as string,
      },
    ],
    [307, "", { code: "unreachable", message: expect.stringMatching(/answers 307: run the same/) as string }],
    [
      400,
      "AuthorizationHeaderMalformed",
      { code: "invalid", message: expect.stringMatching(/set k3s\.snapshots\.s3\.region/) as string },
    ],
    [
      403,
      "RequestTimeTooSkewed",
      { code: "failed", message: expect.stringMatching(/set the clock of this machine/) as string },
    ],
    [
      403,
      "AccessDenied",
      { code: "refused", message: expect.stringMatching(/\(403 AccessDenied\)/) as string },
    ],
    [
      503,
      "SlowDown",
      { code: "unreachable", message: expect.stringMatching(/answers 503 SlowDown/) as string },
    ],
  ])("that answers %d %s is named, and no redirection is followed", async (status, code, expected) => {
    answer = (_, response) => {
      response.writeHead(status, { location: "http://127.0.0.1:1/" });
      response.end(`<Error><Code>${code}</Code></Error>`);
    };
    await expect(bucket().list(stop)).rejects.toMatchObject(expected);
    expect(asked).toHaveLength(1);
  });

  test.each<readonly [what: string, content: string, code: string]>([
    ["more than it listed", "x".repeat(200), "failed"],
    ["less than it listed", "x", "failed"],
  ])("that sends %s is not believed", async (_, content, code) => {
    answer = (__, response) => response.end(content);
    const path = join(temporaryFolder(), "snapshot");
    const copied = bucket().download({ name: "a", bytes: 100 }, path, { onBytes: () => undefined, stop });
    await expect(copied).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/has another size than in the list/) as string,
    });
  });

  test("that no longer has the object is named", async () => {
    answer = (_, response) => response.writeHead(404).end();
    const folder = temporaryFolder();
    const copied = bucket().download({ name: "a", bytes: 1 }, join(folder, "a"), {
      onBytes: () => undefined,
      stop,
    });
    await expect(copied).rejects.toThrow("home/a is no longer in the bucket etcd");
    expect(readdirSync(folder)).toEqual([]);
  });
});
