"""The transfer executor: images from registry to registry, byte-exact, each unique blob once per target."""
