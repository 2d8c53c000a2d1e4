"""What real connections do: fail, drip, hang, and go through proxies."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from imgupdate.config.model import ClientTLS, Proxy
from imgupdate.errors import ConfigurationError, ScanError
from imgupdate.images import Tag
from imgupdate.registry import EnvironmentProxies, Limits, RegistryClient
from imgupdate.registry.clock import OutOfTime
from imgupdate.registry.proxies import Route
from imgupdate.registry.transport import NotPublic, Wire, came_from_public_address
from tests.registry.support import FakeClock, access, repository
from tests.twins.certificates import Authority
from tests.twins.proxy import ProxyTwin
from tests.twins.registry import Fault, RegistryTwin


@pytest.fixture
def registry() -> Iterator[RegistryTwin]:
    with RegistryTwin() as twin:
        twin.fill("team/app", ["1.0", "1.1"])
        yield twin


@contextmanager
def patient(*, clock: FakeClock | None = None, limits: Limits | None = None) -> Iterator[RegistryClient]:
    with RegistryClient(clock=clock or FakeClock(), jitter=lambda: 0.0, limits=limits) as client:
        yield client


def image(registry: RegistryTwin) -> str:
    return f"{registry.host}/team/app"


class TestSlow:
    def test_a_body_that_comes_a_byte_at_a_time_ends_at_the_deadline(self, registry: RegistryTwin) -> None:
        registry.inject(Fault(drip=0.002, path="/tags/list"))
        begun = time.monotonic()

        with patient(clock=FakeClock(tick=0.5)) as client, pytest.raises(OutOfTime, match="within 20 s") as caught:
            client.tags(repository(image(registry)), access(timeout=20))

        assert time.monotonic() - begun < 5
        assert "spec.timeout" in caught.value.remedy
        assert caught.value.where == image(registry)

    def test_headers_that_come_a_byte_at_a_time_end_at_the_deadline(self, registry: RegistryTwin) -> None:
        """The read timeout of an HTTP library starts anew with each byte."""
        registry.inject(Fault(drip=0.002, drip_headers=True, path="/tags/list"))

        with patient(clock=FakeClock(tick=0.5)) as client, pytest.raises(OutOfTime, match="within 20 s"):
            client.tags(repository(image(registry)), access(timeout=20))

    def test_a_registry_that_says_nothing_ends_at_the_deadline_of_the_real_clock(self, registry: RegistryTwin) -> None:
        registry.inject(Fault(delay=3, path="/tags/list"))
        begun = time.monotonic()

        with RegistryClient() as client, pytest.raises(OutOfTime, match=r"within 0\.3 s"):
            client.tags(repository(image(registry)), access(timeout=0.3))

        assert time.monotonic() - begun < 2.5

    def test_a_registry_that_says_nothing_for_long_is_given_up_and_asked_again(self, registry: RegistryTwin) -> None:
        registry.inject(Fault(delay=1, path="/tags/list"))

        with patient(limits=Limits(idle_timeout=0.2)) as client:
            assert client.tags(repository(image(registry)), access()).tags == ("1.0", "1.1")

        assert len(registry.requests) == 2


class TestBroken:
    @pytest.mark.parametrize("fault", [Fault(hang_up=True), Fault(cut=5)])
    def test_a_connection_that_breaks_once_is_made_anew(self, registry: RegistryTwin, fault: Fault) -> None:
        registry.inject(fault)

        with patient() as client:
            assert client.tags(repository(image(registry)), access()).tags == ("1.0", "1.1")

        assert len(registry.requests) == 2

    def test_a_connection_that_keeps_breaking_is_an_error(self, registry: RegistryTwin) -> None:
        registry.inject(Fault(cut=5, times=9))

        with patient() as client, pytest.raises(ScanError, match="broke off the connection"):
            client.tags(repository(image(registry)), access())

    def test_headers_without_end_are_an_error(self, registry: RegistryTwin) -> None:
        registry.inject(Fault(status=200, headers={"X-Filler": "x" * 300_000}, times=9))

        with patient() as client, pytest.raises(ScanError, match="broke off the connection"):
            client.tags(repository(image(registry)), access())

    def test_nobody_listening_is_told(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]

        with patient() as client, pytest.raises(ScanError, match=r"no connection to .* \(connection refused\)"):
            client.tags(repository(f"127.0.0.1:{port}/team/app"), access())

    def test_something_that_is_not_http_is_told(self) -> None:
        with mail_server() as host, patient() as client, pytest.raises(ScanError, match="broke off the connection"):
            client.tags(repository(f"{host}/team/app"), access())


@contextmanager
def mail_server() -> Iterator[str]:
    """A server that greets everybody in another language."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.sendall(b"220 mail.example ESMTP\r\n")
                    connection.recv(10_000)

        thread = threading.Thread(target=greet)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


class TestPublicAddresses:
    @staticmethod
    def wire(*, public_only: bool) -> Wire:
        return Wire(clock=FakeClock(), limits=Limits(), tls=None, public_only=public_only)

    @staticmethod
    def request(url: str) -> httpx.Request:
        return httpx.Request("GET", url, extensions={"timeout": Wire.timeouts(FakeClock(), 2000.0)})

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433"])
    def test_a_pool_for_strangers_connects_to_no_private_address(self, registry: RegistryTwin, host: str) -> None:
        wire = self.wire(public_only=True)

        with pytest.raises(NotPublic):
            wire.handle_request(self.request(f"http://{host}:{registry.port}/v2/"))

        wire.close()
        assert registry.requests == ()

    def test_a_request_without_a_deadline_has_that_of_an_idle_connection(self, registry: RegistryTwin) -> None:
        registry.inject(Fault(delay=5))
        wire = Wire(clock=FakeClock(), limits=Limits(idle_timeout=0.1), tls=None)

        with pytest.raises(httpx.ReadTimeout):
            wire.handle_request(httpx.Request("GET", f"{registry.url}/v2/"))
        wire.close()

    def test_where_an_answer_came_from_is_known(self, registry: RegistryTwin) -> None:
        wire = self.wire(public_only=False)
        response = wire.handle_request(self.request(f"{registry.url}/v2/"))

        assert came_from_public_address(response) is False
        response.close()
        wire.close()

    def test_where_an_answer_came_from_is_not_known_behind_a_proxy(self, registry: RegistryTwin) -> None:
        with ProxyTwin(anywhere=registry.host) as proxy:
            wire = Wire(clock=FakeClock(), limits=Limits(), tls=None, route=Route(proxy.url), public_only=True)
            response = wire.handle_request(self.request("http://plain.example/v2/"))

            assert response.status_code == 200
            assert came_from_public_address(response) is None
            response.close()
            wire.close()

    def test_where_an_answer_came_from_may_be_unknown(self) -> None:
        assert came_from_public_address(httpx.Response(200)) is None

    def test_a_port_that_is_none_leads_to_no_other(self, registry: RegistryTwin) -> None:
        wire = self.wire(public_only=False)

        with pytest.raises(httpx.ConnectError, match="not a port"):
            wire.handle_request(self.request(f"http://127.0.0.1:{registry.port + 65_536}/v2/"))

        wire.close()
        assert registry.requests == ()

    def test_a_name_that_is_none_is_told(self) -> None:
        wire = self.wire(public_only=False)

        with pytest.raises(httpx.ConnectError):
            wire.handle_request(self.request(f"http://{'a' * 70}.invalid/v2/"))
        wire.close()


class TestProxies:
    def test_a_plain_request_goes_through_the_proxy_of_the_repository(self, registry: RegistryTwin) -> None:
        with ProxyTwin(anywhere=registry.host) as proxy, patient() as client:
            listing = client.tags(
                repository("plain.example:5000/team/app"), access(insecure=True, proxy=Proxy(address=proxy.url))
            )

        assert listing.tags == ("1.0", "1.1")
        assert proxy.used[-1] == "GET http://plain.example:5000/v2/team/app/tags/list?n=1000"

    def test_an_encrypted_request_goes_through_a_tunnel(self, tmp_path: Path) -> None:
        authority = Authority()
        with (
            RegistryTwin(tls=authority.server_context(tmp_path)) as registry,
            ProxyTwin(username="me", password="wörd") as proxy,
            patient() as client,
        ):
            registry.fill("team/app", ["1.0"])
            through = access(
                tls=ClientTLS(ca=authority.pem), proxy=Proxy(address=proxy.url, username="me", password="wörd")
            )

            assert client.tags(repository(image(registry)), through).tags == ("1.0",)
            assert client.digest(repository(image(registry)), Tag("1.0"), through)

            assert proxy.used == [f"CONNECT {registry.host}"]
            assert "proxy-authorization" not in registry.requests[0].headers

    def test_a_proxy_that_wants_to_know_who_we_are_is_told_apart(self, registry: RegistryTwin) -> None:
        words = r"the proxy does not connect to registry\.example\.com \(407"
        with (
            ProxyTwin(username="me", password="word") as proxy,
            patient() as client,
            pytest.raises(ScanError, match=words) as caught,
        ):
            client.tags(repository(), access(proxy=Proxy(address=proxy.url)))

        assert "credentials" in caught.value.remedy
        assert len(proxy.used) == 1

    def test_the_proxies_of_the_environment_are_used_for_what_they_are_for(self, registry: RegistryTwin) -> None:
        with ProxyTwin(anywhere=registry.host) as proxy:
            proxies = EnvironmentProxies(http=proxy.url, https=proxy.url, excluded="")
            with RegistryClient(proxies=proxies, clock=FakeClock(), jitter=lambda: 0.0) as client:
                client.tags(repository("plain.example:5000/team/app"), access(insecure=True))
                used = len(proxy.used)
                client.tags(repository(image(registry)), access())

        assert used > 0
        assert len(proxy.used) == used

    def test_a_proxy_that_is_down_is_told(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]

        words = (
            r"the proxy does not connect to registry\.example\.com \(no connection to the proxy: connection refused\)"
        )
        with patient() as client, pytest.raises(ScanError, match=words) as caught:
            client.tags(repository(), access(proxy=Proxy(address=f"http://127.0.0.1:{port}")))

        assert "proxy's address" in caught.value.remedy

    def test_a_proxy_that_is_none_is_a_configuration_error_of_that_image(self) -> None:
        with patient() as client, pytest.raises(ConfigurationError, match="scheme"):
            client.tags(repository(), access(proxy=Proxy(address="gopher://x")))
