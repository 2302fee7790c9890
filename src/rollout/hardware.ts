/** The parts of `nixos-generate-config`'s output that a rollout checks. */

interface FileSystem {
  readonly mountPoint: string;
  readonly device?: string;
  readonly type?: string;
  readonly bind: boolean;
}

/** Device of the root filesystem in the host's hardware configuration. */
export const rootDevice = (hardware: string): string | undefined =>
  fileSystems(hardware).find(({ mountPoint }) => mountPoint === "/")?.device;

/**
 * Mounts that are not the host's own filesystems: they would be missing at the next boot, and the host would stop in emergency
 * mode.
 *
 * @param fstab - mount points in the running system's configuration, which it boots with
 * @returns mount points, each with its kind
 */
export function foreignFileSystems(hardware: string, fstab: readonly string[]): string[] {
  return fileSystems(hardware).flatMap((it) => {
    const why = isOfPods(it.mountPoint)
      ? "a volume of a pod"
      : fstab.includes(it.mountPoint)
        ? undefined
        : transientKind(it);
    return why === undefined ? [] : [`${it.mountPoint} (${why})`];
  });
}

/** Also matches when the kubelet has another root folder. */
const isOfPods = (mountPoint: string): boolean =>
  /^\/var\/lib\/kubelet\/|\/pods\/[0-9a-f-]{36}\/|\/plugins\/kubernetes\.io\//.test(mountPoint);

function transientKind({ mountPoint, type = "", bind }: FileSystem): string | undefined {
  if (/^\/(run|proc|sys|dev)(\/|$)/.test(mountPoint)) return "created at each boot";
  if (/^\/var\/lib\/rancher\/k3s\/agent\/containerd\/./.test(mountPoint)) return "a mount of containerd";
  if (bind) return "a bind mount";
  if (mountPoint !== "/" && /^(tmpfs|ramfs|overlay|nsfs|squashfs|fuse(\..*)?)$/.test(type)) return type;
  return undefined;
}

function fileSystems(hardware: string): FileSystem[] {
  return [...hardware.matchAll(/fileSystems\."([^"]+)"\s*=\s*\{([^}]*)\}/g)].map(
    ([, mountPoint = "", body = ""]) => ({
      mountPoint,
      device: /device\s*=\s*"([^"]+)"/.exec(body)?.[1],
      type: /fsType\s*=\s*"([^"]+)"/.exec(body)?.[1],
      bind: /options\s*=\s*\[[^\]]*"r?bind"/.test(body),
    }),
  );
}
