package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TLS, the probe and that of the others, against the JDK's own server sockets. */
class TlsProbeTest {
  private static final String NAMES = "dns:localhost,dns:*.example.org,ip:127.0.0.1";

  @TempDir private static Path folder;
  private static Certificates certificates;
  private static SSLContext good;

  private final ProbeHarness probes = new ProbeHarness();

  @BeforeAll
  static void makeCertificates() {
    certificates = new Certificates(folder);
    good = certificates.server(NAMES, "-1d", 10);
  }

  @AfterEach
  void close() throws Exception {
    probes.close();
  }

  private static Module tls(String more) {
    return ProbeHarness.module("tls", "{tls_config: {ca_file: " + certificates.ca() + more + "}}");
  }

  /** Serves until the peer goes; greets each. */
  private int serve(SSLContext context, String greeting) throws IOException {
    ServerSocket server = context.getServerSocketFactory().createServerSocket(0);
    probes.open.add(server);
    probes.serve(
        server,
        socket -> {
          socket.getOutputStream().write(greeting.getBytes(StandardCharsets.UTF_8));
          socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        });
    return server.getLocalPort();
  }

  @Test
  void givenNewerJava_whenItNamesTheAlertTwice_thenItIsToldOnce() {
    assertThat(TlsContext.bare("(protocol_version) Received fatal alert: protocol_version"))
        .isEqualTo("Received fatal alert: protocol_version");
    assertThat(TlsContext.bare("(see the log) no")).isEqualTo("(see the log) no");
    assertThat(TlsContext.bare("(")).isEqualTo("(");
  }

  @ParameterizedTest
  @CsvSource({
    "6b787cb369bc088, 06b787cb369bc088",
    "16b787cb369bc088, 16b787cb369bc088",
    "f, 0f",
    "-80, 80"
  })
  void givenSerialNumber_whenLabelled_thenWholeBytes(String number, String label) {
    assertThat(TlsPeer.serial(new BigInteger(number, 16))).isEqualTo(label);
  }

  @Test
  void givenTrustedCertificate_whenRun_thenUpAndMeasured() throws IOException {
    probes.run(tls(""), "localhost:" + serve(good, ""));
    probes.up();
    double expiry = probes.clock.now().plus(Duration.ofDays(9)).getEpochSecond();
    assertThat(probes.value("probe_ssl_earliest_cert_expiry"))
        .isBetween(expiry - 600, expiry + 600);
    assertThat(probes.value("probe_ssl_last_chain_expiry_timestamp_seconds"))
        .isEqualTo(probes.value("probe_ssl_earliest_cert_expiry"));
    assertThat(probes.labels("probe_tls_version_info")).containsExactly("TLS 1.3");
    assertThat(probes.labels("probe_tls_cipher_info").get(0)).startsWith("TLS_");
    assertThat(probes.labels("probe_ssl_last_chain_info"))
        .contains("CN=server,O=Vigie\\, Test", "CN=Test CA,O=Vigie", "localhost,*.example.org")
        .hasSize(5);
    assertThat(probes.steps)
        .anySatisfy(
            step ->
                assertThat(step)
                    .startsWith("certificate CN=server,O=Vigie\\, Test, issuer CN=Test CA")
                    .endsWith("d left)"))
        .contains("chain verified for localhost");
  }

  @Test
  void givenSameCertificate_whenRunAgain_thenJudgedAlike() throws IOException {
    Module module = tls("");
    Probe probe =
        module.probe("localhost:" + serve(good, ""), Duration.ofSeconds(2), probes.tools());
    probes.run(probe);
    probes.up();
    probes.run(probe);
    probes.up();
    probes.clock.advance(Duration.ofDays(12));
    probes.run(probe);
    assertThat(probes.reason()).matches("certificate of localhost expired [23]d ago, on 20.*");
  }

  @Test
  void givenCertificateThatEndsSoon_whenRun_thenDownBefore() throws IOException {
    Module module =
        ProbeHarness.module(
            "tls", "{expires_in: 14d, tls_config: {ca_file: " + certificates.ca() + "}}");
    probes.run(module, "localhost:" + serve(good, ""));
    assertThat(probes.reason())
        .matches("certificate of localhost expires in [89]d, on 20.*")
        .endsWith("; expires_in is 2w");
  }

  @Test
  void givenUnknownAuthority_whenRun_thenDownAndStillMeasured() throws IOException {
    probes.run(ProbeHarness.module("tls", "{}"), "localhost:" + serve(good, ""));
    assertThat(probes.reason())
        .isEqualTo(
            "certificate of localhost is not trusted: no known authority stands behind its issuer"
                + " CN=Test CA,O=Vigie");
    assertThat(probes.value("probe_ssl_earliest_cert_expiry")).isPositive();
    assertThat(probes.value("probe_ssl_last_chain_expiry_timestamp_seconds")).isNaN();
  }

  @Test
  void givenSelfSignedCertificate_whenRun_thenSaysSo() throws IOException {
    probes.run(tls(""), "localhost:" + serve(certificates.selfSigned(NAMES), ""));
    assertThat(probes.reason())
        .isEqualTo("certificate of localhost is self-signed, and nothing here trusts it");
  }

  @Test
  void givenExpiredCertificate_whenRun_thenSinceWhen() throws IOException {
    SSLContext expired = certificates.server(NAMES, "-13d", 10);
    probes.run(tls(""), "localhost:" + serve(expired, ""));
    assertThat(probes.reason())
        .startsWith("certificate of localhost expired ")
        .contains(" ago, on 20");
  }

  @ParameterizedTest
  @CsvSource({
    "'', true",
    "www.example.org, true",
    "a.www.example.org, false",
    "example.org, false",
    "127.0.0.1, true",
    "127.0.0.2, false",
    "LOCALHOST, true"
  })
  void givenName_whenCertificateIsForItOrNot_thenUpOrDown(String name, boolean up)
      throws IOException {
    probes.run(tls(name.isEmpty() ? "" : ", server_name: " + name), "localhost:" + serve(good, ""));
    if (up) {
      probes.up();
    } else {
      assertThat(probes.reason())
          .isEqualTo("certificate is for localhost, *.example.org, 127.0.0.1, not for " + name);
    }
  }

  @Test
  void givenNoVerificationWanted_whenRun_thenUpWithoutChain() throws IOException {
    Module module = ProbeHarness.module("tls", "{tls_config: {insecure_skip_verify: true}}");
    probes.run(module, "127.0.0.1:" + serve(certificates.selfSigned("dns:x"), ""));
    probes.up();
    assertThat(probes.value("probe_ssl_last_chain_expiry_timestamp_seconds"))
        .isEqualTo(-62135596800.0);
  }

  @Test
  void givenPeerWithoutTls_whenRun_thenSaysSo() throws IOException {
    String target =
        probes.serve(
            socket -> {
              socket.getOutputStream().write("220 smtp ready\r\n".getBytes(StandardCharsets.UTF_8));
              socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            });
    probes.run(tls(""), target);
    assertThat(probes.reason()).isEqualTo("the peer does not speak TLS on this port");
  }

  @Test
  void givenPeerThatClosesInTheHandshake_whenRun_thenSaysSo() throws IOException {
    probes.run(tls(""), probes.serve(socket -> socket.getInputStream().read()));
    assertThat(probes.reason())
        .isIn(
            "the peer closed the connection during the TLS handshake",
            "TLS handshake failed: Connection reset");
  }

  @Test
  void givenSilentPeer_whenTimeoutIsOver_thenPhaseIsTold() throws IOException {
    probes.run(tls(""), ProbeHarness.target(probes.listener(50)), "connected");
    probes.clock.advance(Duration.ofSeconds(2));
    assertThat(probes.reason()).isEqualTo("timeout after 2s during the TLS handshake");
  }

  @Test
  void givenServerOfOldTls_whenNewerIsWanted_thenHandshakeFails() throws IOException {
    SSLServerSocket server =
        (SSLServerSocket)
            good.getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    server.setEnabledProtocols(new String[] {"TLSv1.2"});
    probes.open.add(server);
    probes.serve(
        server, socket -> socket.getInputStream().transferTo(OutputStream.nullOutputStream()));
    probes.run(tls(""), ProbeHarness.target(server));
    assertThat(probes.labels("probe_tls_version_info")).containsExactly("TLS 1.2");
    probes.run(tls(", min_version: TLS13"), ProbeHarness.target(server));
    assertThat(probes.reason())
        .isEqualTo("TLS handshake failed: Received fatal alert: protocol_version");
  }

  @Test
  void givenCaFileThatLacks_whenRun_thenDownWithItsName() throws IOException {
    probes.run(
        ProbeHarness.module("tls", "{tls_config: {ca_file: /no/such.pem}}"),
        "localhost:" + serve(good, ""));
    assertThat(probes.reason()).isEqualTo("cannot read ca_file /no/such.pem: no such file");
  }

  @Test
  void givenTcpProbeWithTls_whenBannerIsExpected_thenReadThroughIt() throws IOException {
    Module module =
        ProbeHarness.module(
            "tcp",
            "{tls: true, tls_config: {ca_file: "
                + certificates.ca()
                + "}, query_response: [{expect: '^\\+OK'}]}");
    probes.run(module, "localhost:" + serve(good, "+OK ready\r\n"));
    probes.up();
    assertThat(probes.labels("probe_tls_version_info")).containsExactly("TLS 1.3");
    probes.run(module, "localhost:" + serve(certificates.selfSigned("dns:localhost"), "+OK\r\n"));
    assertThat(probes.reason()).contains("is self-signed");
    assertThat(probes.value("probe_ssl_earliest_cert_expiry")).isNaN();
  }

  @Test
  void givenNames_whenWritten_thenInGosOrder() {
    assertThat(
            DistinguishedName.text(
                new X500Principal(
                    "DC=org, C=FR, O=\"Vigie, Test\", OU=b, OU=a, L=Paris, CN=x+SERIALNUMBER=7",
                    java.util.Map.of("SERIALNUMBER", "2.5.4.5"))))
        .isEqualTo("SERIALNUMBER=7,CN=x,L=Paris,OU=a+OU=b,O=Vigie\\, Test,C=FR,DC=org");
  }
}
