"""What is there: the port that plans read through, the reader over the cloud, and recorded snapshots."""
