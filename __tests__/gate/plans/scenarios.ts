/** What is changed in the cluster of main.ts, which has been applied, for each plan of this folder. */

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- arbitrary JSON
export type Json = any;

export const VM = "proxmox_virtual_environment_vm";

interface Options {
  /** Further arguments of `plan`. */
  readonly words?: readonly string[];
  /** Unchanged resources stay in the plan. */
  readonly whole?: boolean;
  /** The guests of Proxmox VE: the plan reads this inventory. */
  readonly guests?: readonly Guest[];
}

/** A VM or a container, as the API describes it. */
export interface Guest {
  readonly type: "qemu" | "lxc";
  readonly vmid: number;
  readonly name: string;
  readonly status?: "running" | "stopped";
  readonly template?: 0 | 1;
  readonly config?: Json;
}

// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most only change what they are given
type Scenario = (config: Json, state: Json) => Options | void;

/** Changes hamal. */
const hamal =
  (change: (vm: Json) => void): Scenario =>
  (config) =>
    change(config.resource[VM].k3s_agent);

/** Changes hamal to a value of a resource that does not exist yet. */
const unknown =
  (change: (vm: Json, value: string) => void): Scenario =>
  (config) => {
    config.resource.terraform_data = { size: { input: 8 } };
    change(config.resource[VM].k3s_agent, "${terraform_data.size.output}");
  };

/** Deletes mizar's statement. */
const withoutMizar = (config: Json): void => {
  delete config.resource[VM].k3s_agent_1;
  delete config.output.k3s_agent_1_node;
};

/** A resource in the state that is not a VM. */
const trigger = (state: Json, more: Json = {}): void => {
  state.resources.push({
    mode: "managed",
    type: "terraform_data",
    name: "trigger",
    provider: 'provider["terraform.io/builtin/terraform"]',
    instances: [{ schema_version: 0, attributes: { id: "11111111-1111-1111-1111-111111111111" } }],
    ...more,
  });
};

const stateOfVm = (state: Json, name: string): Json =>
  state.resources.find((resource: Json) => resource.name === name);

/** A VM of the cluster as Proxmox VE has it after the provider has cloned it. */
const guest = (vmid: number, name: string, more: Partial<Guest> = {}, options: Json = {}): Guest => ({
  type: "qemu",
  vmid,
  name,
  ...more,
  config: {
    name,
    description: { alphard: "# K3s Server", hamal: "# K3s Agent", mizar: "# K3s Agent 1" }[name],
    cores: 4,
    sockets: 1,
    numa: 0,
    cpu: "qemu64",
    cpuunits: 1024,
    memory: "16384",
    balloon: 0,
    onboot: 1,
    ostype: "l26",
    agent: "enabled=1,fstrim_cloned_disks=0,type=virtio",
    boot: "order=scsi0",
    scsihw: "virtio-scsi-pci",
    net0: `virtio=BC:24:11:B3:ED:0${vmid - 133},bridge=vmbr0,firewall=0`,
    scsi0: `Cesspool-VM:vm-${vmid}-disk-0,${CLONED},size=32G`,
    ...options,
  },
});

/** All options, which the provider writes when it has cloned a VM. */
const CLONED = "aio=io_uring,backup=1,cache=none,discard=ignore,iothread=0,replicate=1,ssd=0";

const TEMPLATE: Guest = { type: "qemu", vmid: 9903, name: "nixos", status: "stopped", template: 1 };
const ALPHARD = guest(134, "alphard");
const HAMAL = guest(135, "hamal");
const MIZAR = guest(136, "mizar");

/** mizar is not in the state. */
const forgetMizar = (state: Json): void => {
  state.resources = state.resources.filter(({ name }: Json) => name !== "k3s_agent_1");
};

/** mizar is imported by an apply that also changes it to match main.ts. */
const importMizar = (config: Json, state: Json): void => {
  forgetMizar(state);
  config.import = [{ to: `${VM}.k3s_agent_1`, id: "pve/136" }];
};

/** Plans that ask Proxmox VE. */
export const ASKING: Record<string, Scenario> = {
  asked: () => ({ guests: [TEMPLATE, ALPHARD, HAMAL, MIZAR], whole: true }),
  "id-held": (_, state) => {
    forgetMizar(state);
    return { guests: [TEMPLATE, ALPHARD, HAMAL, guest(136, "other")] };
  },
  "id-of-a-container": (_, state) => {
    forgetMizar(state);
    return { guests: [TEMPLATE, ALPHARD, HAMAL, { type: "lxc", vmid: 136, name: "dns" }] };
  },
  "not-imported": (_, state) => {
    forgetMizar(state);
    return { guests: [TEMPLATE, ALPHARD, HAMAL, MIZAR] };
  },
  "new-node": (_, state) => {
    forgetMizar(state);
    return { guests: [TEMPLATE, ALPHARD, HAMAL] };
  },
  "no-rights": (_, state) => {
    state.resources = [];
    return { guests: [] };
  },
  lost: () => ({ guests: [TEMPLATE, ALPHARD, HAMAL] }),
  "lost-refresh-only": () => ({ guests: [TEMPLATE, ALPHARD, HAMAL], words: ["-refresh-only"] }),
  "refresh-only": () => ({
    guests: [TEMPLATE, ALPHARD, guest(135, "hamal", {}, { cores: 2 }), MIZAR],
    words: ["-refresh-only"],
  }),
  "started-again": () => ({ guests: [TEMPLATE, ALPHARD, guest(135, "hamal", { status: "stopped" }), MIZAR] }),
  "changed-while-off": (config) => {
    config.resource[VM].k3s_agent.cpu.cores = 8;
    config.resource[VM].k3s_agent.disk[0].size = 64;
    config.resource[VM].k3s_agent.network_device[0].bridge = "vmbr1";
    return { guests: [TEMPLATE, ALPHARD, guest(135, "hamal", { status: "stopped" }), MIZAR] };
  },
  excluded: (config) => {
    config.resource[VM].k3s_agent.cpu.cores = 8;
    return { guests: [TEMPLATE, ALPHARD, HAMAL, MIZAR], words: [`-exclude=${VM}.k3s_agent`] };
  },
  "new-node-excluded": (_, state) => {
    forgetMizar(state);
    return { guests: [TEMPLATE, ALPHARD, HAMAL], words: [`-exclude=${VM}.k3s_agent_1`] };
  },
  "targeted-at-another": (config) => {
    config.resource[VM].k3s_agent.cpu.cores = 8;
    return { guests: [TEMPLATE, ALPHARD, HAMAL, MIZAR], words: [`-target=${VM}.k3s_server`] };
  },
  "imported-with-another-disk": (config, state) => {
    importMizar(config, state);
    const options = {
      scsi0: "Cesspool-VM:vm-136-disk-0,size=32G",
      scsi1: "Cesspool-VM:vm-136-disk-1,size=200G",
    };
    return { guests: [TEMPLATE, ALPHARD, HAMAL, guest(136, "mizar", {}, options)] };
  },
  "imported-and-grown": (config, state) => {
    importMizar(config, state);
    config.resource[VM].k3s_agent_1.disk[0].size = 64;
    const options = { scsi0: "Cesspool-VM:vm-136-disk-0,size=32G" };
    return { guests: [TEMPLATE, ALPHARD, HAMAL, guest(136, "mizar", {}, options)] };
  },
  // The options of the template, before the provider writes its own after a clone.
  "half-cloned": (config, state) => {
    importMizar(config, state);
    const options = { cores: 2, memory: "4096", scsi0: "Cesspool-VM:vm-136-disk-0,size=20G", onboot: 0 };
    return { guests: [TEMPLATE, ALPHARD, HAMAL, guest(136, "mizar", { status: "stopped" }, options)] };
  },
};

export const SCENARIOS: Record<string, Scenario> = {
  create: (_, state) => {
    state.resources = [];
    return { whole: true };
  },
  "no-op": () => ({ whole: true }),
  description: hamal((vm) => (vm.description = "# K3s Agent, first of two")),
  cores: (config) => {
    config.resource[VM].k3s_agent.cpu.cores = 8;
    return { whole: true };
  },
  "cores-with-reboot": hamal((vm) => {
    vm.cpu.cores = 8;
    vm.reboot_after_update = true;
  }),
  "agent-timeout-with-reboot": hamal((vm) => {
    vm.agent.timeout = "120s";
    vm.reboot_after_update = true;
  }),
  "disk-grows": hamal((vm) => (vm.disk[0].size = 64)),
  "disk-grows-with-cores": hamal((vm) => {
    vm.disk[0].size = 64;
    vm.cpu.cores = 8;
  }),
  "disk-shrinks": hamal((vm) => (vm.disk[0].size = 16)),
  "disk-added": hamal((vm) => vm.disk.push({ interface: "scsi1", datastore_id: "Cesspool-VM", size: 200 })),
  "disk-from-file": hamal((vm) =>
    vm.disk.push({
      interface: "scsi1",
      datastore_id: "Cesspool-VM",
      size: 8,
      file_id: "local:iso/nixos.img",
    }),
  ),
  "disk-removed": (_, state) => {
    const [disk] = stateOfVm(state, "k3s_agent").instances[0].attributes.disk;
    stateOfVm(state, "k3s_agent").instances[0].attributes.disk.push({
      ...disk,
      interface: "scsi1",
      size: 200,
      path_in_datastore: "vm-135-disk-1",
    });
  },
  "interface-bridge": hamal((vm) => (vm.network_device[0].bridge = "vmbr1")),
  migration: hamal((vm) => (vm.node_name = "pve2")),
  "migration-without-migrate": hamal((vm) => {
    vm.node_name = "pve2";
    vm.migrate = false;
  }),
  "vm-id": hamal((vm) => (vm.vm_id = 235)),
  "vm-id-create-before-destroy": hamal((vm) => {
    vm.vm_id = 235;
    vm.lifecycle.create_before_destroy = true;
  }),
  delete: withoutMizar,
  tainted: (_, state) => {
    stateOfVm(state, "k3s_agent").instances[0].status = "tainted";
  },
  deposed: (_, state) => {
    const { instances } = stateOfVm(state, "k3s_agent");
    instances.push({ ...instances[0], deposed: "0badcafe" });
  },
  "replace-by-request": () => ({ words: [`-replace=${VM}.k3s_agent`] }),
  forget: (config) => {
    withoutMizar(config);
    config.removed = [{ from: `${VM}.k3s_agent_1`, lifecycle: { destroy: false } }];
  },
  import: (config) => {
    config.resource.terraform_data = { adopted: {} };
    config.import = [{ to: "terraform_data.adopted", id: "11111111-1111-1111-1111-111111111111" }];
  },
  adopted: (_, state) => {
    const vm = stateOfVm(state, "k3s_agent").instances[0].attributes;
    vm.clone = [];
    vm.agent[0].timeout = "15m";
    Object.assign(vm, { migrate: false, reboot_after_update: true, stop_on_destroy: false });
    vm.delete_unreferenced_disks_on_destroy = true;
  },
  moved: (config) => {
    config.resource[VM].k3s_agent_2 = config.resource[VM].k3s_agent_1;
    delete config.resource[VM].k3s_agent_1;
    config.moved = [{ from: `${VM}.k3s_agent_1`, to: `${VM}.k3s_agent_2` }];
  },
  "moved-and-cores": (config) => {
    config.resource[VM].k3s_agent_2 = { ...config.resource[VM].k3s_agent_1, cpu: { cores: 8 } };
    delete config.resource[VM].k3s_agent_1;
    config.moved = [{ from: `${VM}.k3s_agent_1`, to: `${VM}.k3s_agent_2` }];
  },
  "unknown-cores": unknown((vm, value) => (vm.cpu.cores = value)),
  "unknown-size": unknown((vm, value) => (vm.disk[0].size = value)),
  "unknown-description": unknown((vm, value) => (vm.description = value)),
  "unknown-disks": (config) => {
    config.resource.terraform_data = { size: { input: ["scsi1"] } };
    delete config.resource[VM].k3s_agent.disk;
    config.resource[VM].k3s_agent.dynamic = {
      disk: {
        for_each: "${terraform_data.size.output}",
        content: { interface: "${disk.value}", datastore_id: "Cesspool-VM", size: 32 },
      },
    };
  },
  datastore: hamal((vm) => (vm.disk[0].datastore_id = "other")),
  stopped: hamal((vm) => (vm.started = false)),
  sensitive: (config) => {
    config.variable.secret = { type: "string", sensitive: true, default: "hunter2" };
    config.resource[VM].k3s_agent.description = "${var.secret}";
    config.resource[VM].k3s_agent.machine = '${var.secret == "hunter2" ? "q35" : "pc"}';
    config.resource[VM].k3s_agent.initialization = {
      user_account: { username: "root", password: "hunter3" },
    };
  },
  output: (config) => {
    config.output.api_endpoint.value = "https://k3s.example.org:6443";
  },
  read: (config) => {
    config.resource.terraform_data = { first: {} };
    config.data = { [`${VM}s`]: { all: { depends_on: ["terraform_data.first"] } } };
  },
  "other-deleted": (_, state) => trigger(state),
  "other-replaced": (config, state) => {
    trigger(state);
    config.resource.terraform_data = { trigger: { triggers_replace: "other" } };
  },
  check: (config) => {
    config.check = {
      holder: { assert: [{ condition: '${var.proxmox_node != "pve"}', error_message: "VM ID 136 is held" }] },
    };
  },
  "check-error": (config) => {
    config.check = {
      holder: { assert: [{ condition: "${tonumber(var.proxmox_node) == 1}", error_message: "never" }] },
    };
  },
  precondition: (config) => {
    config.resource[VM].k3s_agent.lifecycle.precondition = [
      { condition: '${var.proxmox_node != "pve"}', error_message: "another PVE node is expected" },
    ];
  },
  errored: hamal((vm) => {
    vm.vm_id = 235;
    vm.lifecycle.prevent_destroy = true;
  }),
  targeted: (config) => {
    config.resource[VM].k3s_agent.cpu.cores = 8;
    return { words: [`-target=${VM}.k3s_server`] };
  },
};
