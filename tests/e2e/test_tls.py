"""`emulator --tls`: OpenAPI and registries over TLS, for clients that were shown the certificate and for no others."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from reconciler.emulator.certificate import NoCertificate, certificate_in
from tests.e2e.conftest import PROGRAM
from tests.e2e.test_main_job import SEED, SPEC

_IMAGES = "images: {personal.cn-hangzhou: {apps/web: [v1, v2]}}\n"


def test_images_are_imported_over_tls(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text(SEED + _IMAGES)
    (tmp_path / "registry.yaml").write_text(SPEC)
    command = [*PROGRAM, "emulator", "--port", "0", "--speed", "100", "--seed", "seed.yaml", "--tls"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        try:
            ready = json.loads(emulator.stdout.readline())
            assert ready["endpoint"].startswith("https://127.0.0.1:")
            environment = {
                **os.environ,
                "RECONCILER_ENDPOINT_URL": ready["endpoint"],
                "ALIBABA_CLOUD_ACCESS_KEY_ID": ready["access_key_id"],
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ready["access_key_secret"],
            }

            def run(**more: str) -> tuple[int, str]:
                done = subprocess.run(
                    [*PROGRAM, "apply", "registry.yaml", "--auto-approve"],
                    cwd=tmp_path,
                    env={**environment, **more},
                    capture_output=True,
                    text=True,
                    timeout=120,
                    check=False,
                )
                return done.returncode, done.stdout + done.stderr

            code, said = run()
            assert code == 1
            assert "CERTIFICATE_VERIFY_FAILED" in said
            code, said = run(SSL_CERT_FILE=ready["certificate"])
            assert code == 0, said
            assert "4 images" in said
        finally:
            emulator.terminate()
    assert not Path(ready["certificate"]).exists()


def test_a_folder_keeps_its_certificate_and_its_key_to_itself(tmp_path: Path) -> None:
    first = certificate_in(tmp_path / "tls")
    kept = first.certificate.read_bytes()
    assert certificate_in(tmp_path / "tls") == first
    assert first.certificate.read_bytes() == kept
    assert first.key.stat().st_mode & 0o077 == 0
    first.certificate.write_text("no certificate")
    with pytest.raises(NoCertificate, match="not a certificate"):
        certificate_in(tmp_path / "tls")
