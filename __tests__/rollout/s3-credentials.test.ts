import { accessKeys, s3Credentials } from "../../src/rollout/s3-credentials";

test("two lines in any order are taken, without comments and blanks", () => {
  expect(
    s3Credentials("# of snapshots\nAWS_SECRET_ACCESS_KEY=a/b+c=\r\n\n AWS_ACCESS_KEY_ID=AKIA1234 \n"),
  ).toEqual({
    text: "AWS_SECRET_ACCESS_KEY=a/b+c=\nAWS_ACCESS_KEY_ID=AKIA1234",
    values: ["a/b+c=", "AKIA1234"],
  });
});

test("both values are read from them, with the characters that a key may have", () => {
  const { text } = s3Credentials("AWS_SECRET_ACCESS_KEY=a/b+c==\nAWS_ACCESS_KEY_ID=AKIA1234\n");
  expect(accessKeys(text)).toEqual({ accessKeyId: "AKIA1234", secretAccessKey: "a/b+c==" });
});

test.each([
  ["nothing", ""],
  ["one of them", "AWS_ACCESS_KEY_ID=AKIA1234"],
  ["one of them twice", "AWS_ACCESS_KEY_ID=AKIA1234\nAWS_ACCESS_KEY_ID=AKIA1234"],
  [
    "a third, which would reach K3s too",
    "AWS_ACCESS_KEY_ID=AKIA1234\nAWS_SECRET_ACCESS_KEY=5ca1ab1e\nK3S_TOKEN=5ca1ab1e",
  ],
  ["quotes", 'AWS_ACCESS_KEY_ID="AKIA1234"\nAWS_SECRET_ACCESS_KEY=5ca1ab1e'],
  ["what a shell would run", "AWS_ACCESS_KEY_ID=AKIA1234\nAWS_SECRET_ACCESS_KEY=$(5ca1ab1e)"],
])("%s is refused, and not repeated", (_, text) => {
  expect(() => s3Credentials(text)).toThrow(/should be the two lines AWS_ACCESS_KEY_ID=… and/);
  for (const secret of ["5ca1ab1e", "AKIA1234"]) expect(() => s3Credentials(text)).not.toThrow(secret);
});
