nixos-generate-config --show-hardware-config
