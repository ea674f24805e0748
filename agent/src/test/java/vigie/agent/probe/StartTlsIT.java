package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.net.Authority;
import vigie.base.net.Ports;

/**
 * STARTTLS as the real Dovecot, OpenLDAP and PostgreSQL speak it, with and without a certificate.
 */
class StartTlsIT {
  private static final Path PEERS =
      Path.of(System.getProperty("vigie.root", ".."), "target/peers/bin").toAbsolutePath();
  private static final Duration LONG = Duration.ofSeconds(25);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int NO_MOUNTS = 77;
  private static final int DAYS = 30;
  private static final String DOVECOT =
      """
      base_dir = DIR/run
      state_dir = DIR/run
      log_path = /dev/stderr
      import_environment = LD_LIBRARY_PATH
      default_internal_user = nobody
      default_internal_group = nogroup
      default_login_user = nobody
      protocols = imap pop3 submission
      listen = 127.0.0.1
      hostname = localhost
      submission_relay_host = 127.0.0.1
      passdb {
        driver = static
      }
      userdb {
        driver = static
        args = uid=65534 gid=65534 home=DIR
      }
      service anvil {
        chroot =
      }
      service imap-login {
        chroot =
        inet_listener imap {
          port = IMAP
        }
        inet_listener imaps {
          port = 0
        }
      }
      service pop3-login {
        chroot =
        inet_listener pop3 {
          port = POP3
        }
        inet_listener pop3s {
          port = 0
        }
      }
      service submission-login {
        chroot =
        inet_listener submission {
          port = SMTP
        }
        inet_listener submissions {
          port = 0
        }
      }
      """;

  @TempDir private static Path folder;
  private static Authority authority;
  private static final List<Process> PROCESSES = new ArrayList<>();
  private static final Map<String, Integer> WITH = new HashMap<>();
  private static final Map<String, Integer> WITHOUT = new HashMap<>();

  @BeforeAll
  static void startServers() throws Exception {
    authority = new Authority(folder, "ca");
    Path certificate = authority.issue("server", "server", "DNS:localhost");
    Path key = folder.resolve("server.key");
    postgres("with", WITH, "ssl=on", "ssl_cert_file=" + certificate, "ssl_key_file=" + key);
    postgres("without", WITHOUT, "ssl=off");
    slapd(
        "with",
        WITH,
        "TLSCertificateFile " + certificate + "\nTLSCertificateKeyFile " + key + "\n");
    slapd("without", WITHOUT, "");
    dovecot("with", WITH, "ssl_cert = <" + certificate + "\nssl_key = <" + key + "\n");
    dovecot("without", WITHOUT, "ssl = no\n");
  }

  @AfterAll
  static void endServers() throws InterruptedException {
    // Politely, since PostgreSQL then gives back the shared memory that outlives it otherwise.
    PROCESSES.forEach(Process::destroy);
    for (Process each : PROCESSES) {
      if (!each.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        each.descendants().forEach(ProcessHandle::destroyForcibly);
        each.destroyForcibly();
      }
    }
  }

  private static void postgres(String name, Map<String, Integer> ports, String... settings)
      throws Exception {
    Path dir = Files.createDirectory(folder.resolve("postgres-" + name));
    String data = dir.resolve("data").toString();
    Process made = start(dir, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync");
    assertThat(made.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(made.exitValue()).as(log(dir)).isZero();
    int port = Ports.free();
    List<String> arguments =
        new ArrayList<>(List.of("-D", data, "-k", "", "-h", "127.0.0.1", "-p", "" + port));
    for (String setting : settings) {
      arguments.addAll(List.of("-c", setting));
    }
    ports.put("postgres", port);
    awaitPort(dir, start(dir, "postgres", arguments.toArray(String[]::new)), port);
  }

  private static void slapd(String name, Map<String, Integer> ports, String settings)
      throws IOException {
    Path dir = Files.createDirectory(folder.resolve("slapd-" + name));
    Path file = dir.resolve("slapd.conf");
    Files.writeString(file, "pidfile " + dir.resolve("pid") + "\n" + settings);
    int port = Ports.free();
    ports.put("ldap", port);
    String url = "ldap://127.0.0.1:" + port;
    awaitPort(dir, start(dir, "slapd", "-d", "0", "-h", url, "-f", file.toString()), port);
  }

  private static void dovecot(String name, Map<String, Integer> ports, String settings)
      throws IOException {
    Path dir = Files.createDirectory(folder.resolve("dovecot-" + name));
    String text = DOVECOT.replace("DIR", dir.toString());
    for (String protocol : List.of("imap", "pop3", "smtp")) {
      int port = Ports.free();
      ports.put(protocol, port);
      text = text.replace("port = " + protocol.toUpperCase(Locale.ROOT), "port = " + port);
    }
    Path file = dir.resolve("dovecot.conf");
    Files.writeString(file, text + settings);
    Process process = start(dir, "dovecot", "-F", "-c", file.toString());
    for (String protocol : List.of("imap", "pop3", "smtp")) {
      awaitPort(dir, process, ports.get(protocol));
    }
  }

  private static Process start(Path dir, String program, String... arguments) throws IOException {
    assertThat(PEERS.resolve(program))
        .as("%s is missing; get it with: deploy/peers.sh install target/peers", program)
        .exists();
    List<String> command = new ArrayList<>(List.of(PEERS.resolve(program).toString()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(dir.resolve("log").toFile()))
            .start();
    PROCESSES.add(process);
    return process;
  }

  private static void awaitPort(Path dir, Process process, int port) {
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              if (!process.isAlive()) {
                assumeTrue(process.exitValue() != NO_MOUNTS, () -> log(dir));
                throw new AssertionError(dir + " ended: " + log(dir));
              }
              try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress("127.0.0.1", port));
                return true;
              } catch (IOException e) {
                return false;
              }
            });
  }

  private static String log(Path dir) {
    try {
      return Files.readString(dir.resolve("log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"imap", "ldap", "pop3", "postgres", "smtp"})
  void givenServer_whenItsAuthorityIsGiven_thenUpAndItsCertificateMeasured(String protocol) {
    Instant end = Instant.now().plus(Duration.ofDays(DAYS));
    ProbeResult result = ask(protocol, WITH, trust());
    assertThat(Tools.words(result)).isEqualTo("up");
    assertThat(Tools.value(result, "probe_ssl_earliest_cert_expiry"))
        .isBetween(end.getEpochSecond() - 600.0, end.getEpochSecond() + 600.0);
    assertThat(Tools.value(result, "probe_tls_version_info", "TLS 1.3")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"imap", "ldap", "pop3", "postgres", "smtp"})
  void givenServer_whenItsAuthorityIsUnknownOrItsNameAnother_thenDownAndMeasured(String protocol) {
    ProbeResult result = ask(protocol, WITH, "");
    assertThat(Tools.words(result))
        .isEqualTo(
            "certificate of localhost is not trusted: no known authority stands behind its issuer"
                + " CN=ca,O=Test");
    assertThat(Tools.value(result, "probe_ssl_earliest_cert_expiry")).isPositive();
    String another =
        "tls_config: {ca_file: " + authority.certificate() + ", server_name: mail.example.org}";
    assertThat(Tools.words(ask(protocol, WITH, another)))
        .isEqualTo("certificate is for localhost, not for mail.example.org");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "imap | the server refused, it said \"a1 BAD TLS support isn't enabled.\"",
        "ldap | the server refused StartTLS with LDAP result 2, it said"
            + " \"unsupported extended operation\"",
        "pop3 | the server refused, it said \"-ERR TLS support isn't enabled.\"",
        "postgres | the server does not offer TLS",
        "smtp | the server does not offer STARTTLS, it said \"250 PIPELINING\"",
      })
  void givenServerWithoutTls_whenProbed_thenItsWordsAreTold(String protocol, String reason) {
    assertThat(Tools.words(ask(protocol, WITHOUT, trust()))).isEqualTo(reason);
  }

  /** What a server says first within TLS must not be lost to the dialogue before it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "imap | \"a2 CAPABILITY\\r\\n\" | 'IMAP4rev1 .* AUTH=PLAIN'",
        "pop3 | \"CAPA\\r\\n\" | '^\\+OK'",
        "smtp | \"EHLO vigie\\r\\n\" | '250-AUTH PLAIN'"
      })
  void givenServer_whenSpokenToBehindStartTls_thenItAnswers(
      String protocol, String send, String expect) {
    String yaml =
        "starttls: " + protocol + "\nsend: " + send + "\nexpect: " + expect + "\n" + trust();
    ProbeResult result = run(Tools.read(TcpModule::read, yaml), WITH.get(protocol));
    assertThat(Tools.words(result)).isEqualTo("up");
    assertThat(Tools.value(result, "probe_tls_version_info", "TLS 1.3")).isEqualTo(1);
  }

  private static String trust() {
    return "tls_config: {ca_file: " + authority.certificate() + "}";
  }

  private static ProbeResult ask(String protocol, Map<String, Integer> ports, String keys) {
    String yaml = "starttls: " + protocol + "\n" + keys;
    return run(Tools.read(TlsModule::read, yaml), ports.get(protocol));
  }

  private static ProbeResult run(Module module, int port) {
    try (Tools tools = new Tools()) {
      return tools.run(module, "localhost:" + port, LONG);
    }
  }
}
