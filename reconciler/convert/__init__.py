"""What other tools are told in their own configuration, said in ours: skopeo sync, regsync, image-syncer."""
