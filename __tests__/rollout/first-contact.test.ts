import { askToPin, type Contact } from "../../src/rollout/first-contact";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVYQU1QTEUgS0VZISBQVVQgSU4gWU9VUiBPV04gT05F";

const alphard: Contact = {
  name: "alphard",
  ownAddress: "172.22.0.134",
  unpinnedKeys: () => [KEY],
  provenKeys: () => [KEY],
  pin: () => undefined,
};

const pinned = (isAccepted: boolean | undefined): Promise<void> =>
  askToPin([alphard], { isAsked: false, isAccepted }, () => Promise.resolve());

test("a command that can accept new keys beforehand names the option", async () => {
  await expect(pinned(false)).rejects.toThrow(
    /alphard \(172\.22\.0\.134\)[^]*or pass --accept-new-host-keys\. No host/,
  );
});

test("a command that cannot does not", async () => {
  await expect(pinned(undefined)).rejects.toThrow(
    /Run the command without --yes and compare them\. No host was changed$/,
  );
});

test("accepted keys are not refused", async () => {
  await expect(pinned(true)).resolves.toBeUndefined();
});
