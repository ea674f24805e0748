package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.net.Authority;
import vigie.base.net.Ports;

/** Real clients of syslog and RELP, with TLS and without, into the packaged collector. */
@Timeout(240)
class SyslogClientsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir static Path dir;
  private static int http;
  private static int relp;
  private static int relpTls;
  private static int udp;
  private static int tcp;
  private static int tls;
  private static Authority authority;
  private static Program collector;
  private static int cases;

  /** A word that no other case sends. */
  private final String word = "word" + cases++ + "x";

  /** One for all cases, each of which has words of its own. */
  @BeforeAll
  static void start() throws Exception {
    http = Ports.free();
    relp = Ports.free();
    relpTls = Ports.free();
    udp = Ports.free();
    tcp = Ports.free();
    tls = Ports.free();
    authority = new Authority(dir, "ca");
    authority.issue("collector", "collector", "DNS:localhost,IP:127.0.0.1");
    authority.issue("web01", "web01", "DNS:web01");
    new Authority(dir, "strange").issue("foreign", "web01", "DNS:web01");
    Files.writeString(
        dir.resolve("collector.yaml"),
        """
        storage: {path: data}
        listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d', relp_tls: '127.0.0.1:%d',
          syslog_udp: '127.0.0.1:%d', syslog_tcp: '127.0.0.1:%d', syslog_tls: '127.0.0.1:%d'}
        tls: {cert_file: collector.pem, key_file: collector.key, client_ca_file: ca.pem}
        """
            .formatted(http, relp, relpTls, udp, tcp, tls));
    collector =
        Program.start(
            dir.resolve("collector.log"),
            Map.of(),
            "collector",
            "run",
            "--config",
            dir.resolve("collector.yaml").toString());
    await()
        .atMost(PATIENCE)
        .until(() -> Program.get("http://127.0.0.1:" + http + "/-/ready").contains("ready"));
  }

  @AfterAll
  static void stop() {
    if (collector != null) {
      collector.close();
    }
  }

  /** The events as JSON, whose text has the word. */
  private String events(String word) {
    return Program.get("http://127.0.0.1:" + http + "/api/vigie/events?q=" + word);
  }

  private void awaitEvent(String word, String... parts) {
    List<String> all = new ArrayList<>(List.of(parts));
    all.add(word);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(events(word)).as(collector.log()).contains(all));
  }

  private void run(String... command) throws IOException {
    try (Program program = Program.command(dir.resolve("client.log"), List.of(command))) {
      assertThat(program.await()).as(program.log()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"tcp, --rfc5424", "tcp, --rfc3164", "udp, --rfc5424", "udp, --rfc3164"})
  void givenUtilLinuxLogger_whenItSends_thenTaken(String transport, String format)
      throws IOException {
    run(
        Program.peer("logger").toString(),
        "--" + transport,
        "-n",
        "127.0.0.1",
        "-P",
        Integer.toString(transport.equals("tcp") ? tcp : udp),
        format,
        "-p",
        "daemon.warning",
        "-t",
        "backup",
        "-i",
        word);

    awaitEvent(word, "\"app\":\"backup\"", "\"type\":\"syslog\"", "procid");
  }

  @Test
  void givenUtilLinuxLogger_whenItCountsOctets_thenTaken() throws IOException {
    run(
        Program.peer("logger").toString(),
        "--tcp",
        "--octet-count",
        "-n",
        "127.0.0.1",
        "-P",
        Integer.toString(tcp),
        word);
    awaitEvent(word);
  }

  @Test
  void givenBusyBoxSyslogd_whenItForwards_thenTaken() throws Exception {
    // Its logger speaks to /dev/log only, so its syslogd forwards; in a mount namespace of its own.
    run(
        "unshare",
        "-m",
        "sh",
        "-c",
        "mount -t tmpfs none /dev && mknod /dev/null c 1 3 || exit 1; '%s' syslogd -n -R 127.0.0.1:%d & pid=$!; sleep 1; '%s' logger -t bb -p user.err %s; sleep 1; kill $pid"
            .formatted(Program.peer("busybox"), udp, Program.peer("busybox"), word));
    awaitEvent(word, "\"severity\":\"err\"");
  }

  private Program rsyslogd(String action) throws IOException {
    return rsyslogd("web01", action);
  }

  /**
   * Starts it and has it send.
   *
   * @param certificate empty for none
   */
  private Program rsyslogd(String certificate, String action) throws IOException {
    int in = Ports.free();
    Path folder = Files.createDirectories(dir.resolve("rsyslog" + in));
    Files.writeString(
        folder.resolve("conf"),
        """
        global(workDirectory="%s" defaultNetstreamDriverCAFile="%s" %s localHostname="web01")
        module(load="imtcp")
        %s
        input(type="imtcp" address="127.0.0.1" port="%d")
        """
            .formatted(
                folder,
                authority.certificate(),
                certificate.isEmpty()
                    ? ""
                    : "defaultNetstreamDriverCertFile=\"%1$s.pem\" defaultNetstreamDriverKeyFile=\"%1$s.key\""
                        .formatted(dir.resolve(certificate)),
                action,
                in));
    Program program =
        Program.command(
            folder.resolve("log"),
            List.of(
                Program.peer("rsyslogd").toString(),
                "-n",
                "-f",
                folder.resolve("conf").toString(),
                "-i",
                folder.resolve("pid").toString(),
                "-M",
                Files.readString(Program.ROOT.resolve("target/peers/rsyslog-modules")).strip()));
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              assertThat(program.alive()).as(program.log()).isTrue();
              try (Socket socket = new Socket("127.0.0.1", in)) {
                StringBuilder lines = new StringBuilder();
                for (int i = 1; i <= 20; i++) {
                  lines
                      .append("<28>Nov 21 11:59:58 web01 app[7]: ")
                      .append(word)
                      .append(" number ")
                      .append(i);
                  lines.append('\n');
                }
                socket.getOutputStream().write(lines.toString().getBytes(StandardCharsets.UTF_8));
              }
            });
    return program;
  }

  private static final String OMFWD =
      "action(type=\"omfwd\" target=\"127.0.0.1\" action.resumeRetryCount=\"-1\" ";

  @ParameterizedTest
  @CsvSource({
    "udp, protocol=\"udp\"",
    "tcp, protocol=\"tcp\"",
    "tcp, protocol=\"tcp\" tcp_framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\"",
    "tls, protocol=\"tcp\" streamDriver=\"gtls\" streamDriverMode=\"1\" streamDriverAuthMode=\"x509/certvalid\"",
    "tls, protocol=\"tcp\" streamDriver=\"ossl\" streamDriverMode=\"1\" streamDriverAuthMode=\"x509/certvalid\"",
    "tls, protocol=\"tcp\" streamDriver=\"gtls\" streamDriverMode=\"1\" streamDriverAuthMode=\"x509/name\" streamDriverPermittedPeers=\"localhost\"",
  })
  void givenRsyslogOmfwd_whenItForwards_thenTaken(String transport, String options)
      throws IOException {
    int port = transport.equals("udp") ? udp : transport.equals("tcp") ? tcp : tls;
    try (Program program = rsyslogd(OMFWD + "port=\"" + port + "\" " + options + ")")) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(events(word))
                      .as(program.log() + collector.log())
                      .contains("number 20"));
    }
    assertThat(events(word)).contains("\"node\":\"web01\"");
  }

  @ParameterizedTest
  @CsvSource({"gtls, ''", "gtls, foreign", "ossl, ''", "ossl, foreign"})
  void givenRsyslogWithoutOurCertificate_whenItForwards_thenRefusedAndSaid(
      String driver, String certificate) throws IOException {
    String action =
        OMFWD
            + "port=\"%d\" protocol=\"tcp\" streamDriver=\"%s\" streamDriverMode=\"1\" streamDriverAuthMode=\"%s\")"
                .formatted(tls, driver, certificate.isEmpty() ? "anon" : "x509/certvalid");
    double before = refused();
    try (Program program = rsyslogd(certificate, action)) {
      awaitRefusal(program, before);
    }
  }

  /** It is counted and the collector's log says what is wrong, and nothing has come in. */
  private void awaitRefusal(Program client, double before) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(refused()).as(client.log()).isGreaterThan(before));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(collector.log())
                    .as(client.log())
                    .containsPattern(
                        "peer at fault\" peer=127.0.0.1 cause=\"TLS: (the peer|no cipher suite)"));
    assertThat(events(word)).contains("\"events\":").doesNotContain(word);
  }

  private static double refused() {
    String name = "vigie_syslog_refused_total{reason=\"handshake\"} ";
    return Program.get("http://127.0.0.1:" + http + "/metrics")
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({"none", "gnutls", "openssl"})
  void givenRsyslogOmrelp_whenItForwards_thenTaken(String library) throws IOException {
    String security =
        library.equals("none")
            ? ""
            : "tls=\"on\" tls.cacert=\"%s\" tls.mycert=\"%s\" tls.myprivkey=\"%s\" tls.authmode=\"name\" tls.permittedpeer=[\"localhost\"]"
                .formatted(
                    authority.certificate(), dir.resolve("web01.pem"), dir.resolve("web01.key"));
    String module =
        library.equals("none")
            ? "module(load=\"omrelp\")\n"
            : "module(load=\"omrelp\" tls.tlslib=\"" + library + "\")\n";
    try (Program program =
        rsyslogd(
            module
                + "action(type=\"omrelp\" target=\"127.0.0.1\" action.resumeRetryCount=\"-1\" port=\""
                + (library.equals("none") ? relp : relpTls)
                + "\" "
                + security
                + ")")) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(events(word))
                      .as(program.log() + collector.log())
                      .contains("number 20"));
    }
    assertThat(events(word)).contains("\"node\":\"web01\"");
  }

  @ParameterizedTest
  @CsvSource({
    "network, transport(udp)",
    "network, transport(tcp)",
    "syslog, transport(tcp)",
    "syslog, transport(tls)",
  })
  void givenSyslogNg_whenItForwards_thenTaken(String driver, String transport) throws Exception {
    boolean secure = transport.contains("tls");
    int port = secure ? tls : transport.contains("udp") ? udp : tcp;
    try (Program program =
        syslogNg(driver, port, transport + " " + (secure ? security("web01") : ""))) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(events(word))
                      .as(program.log() + collector.log())
                      .contains(word + " one", "\"node\":\"web01\""));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "foreign"})
  void givenSyslogNgWithoutOurCertificate_whenItForwards_thenRefusedAndSaid(String certificate)
      throws Exception {
    double before = refused();
    try (Program program = syslogNg("syslog", tls, "transport(tls) " + security(certificate))) {
      awaitRefusal(program, before);
    }
  }

  private String security(String certificate) {
    String own =
        certificate.isEmpty()
            ? ""
            : "cert-file(\"%1$s.pem\") key-file(\"%1$s.key\")".formatted(dir.resolve(certificate));
    return "tls(ca-file(\"%s\") %s)".formatted(authority.certificate(), own);
  }

  /** Starts it and has it send. */
  private Program syslogNg(String driver, int port, String options) throws IOException {
    int in = Ports.free();
    Path folder = Files.createDirectories(dir.resolve("ng" + in));
    Files.writeString(
        folder.resolve("conf"),
        """
        @version: 3.38
        options { keep-hostname(yes); stats-freq(0); };
        source s { network(ip(127.0.0.1) port(%d)); };
        destination d { %s("127.0.0.1" port(%d) %s); };
        log { source(s); destination(d); };
        """
            .formatted(in, driver, port, options));
    Program program =
        Program.command(
            folder.resolve("log"),
            List.of(
                Program.peer("syslog-ng").toString(),
                "-F",
                "--no-caps",
                "-f",
                folder.resolve("conf").toString(),
                "--persist-file=" + folder.resolve("persist"),
                "--pidfile=" + folder.resolve("pid"),
                "--control=" + folder.resolve("ctl"),
                "--module-path="
                    + Program.ROOT.resolve("target/peers/stable/usr/lib/syslog-ng/3.38")));
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              assertThat(program.alive()).as(program.log()).isTrue();
              try (Socket socket = new Socket("127.0.0.1", in)) {
                socket
                    .getOutputStream()
                    .write(
                        ("<28>Nov 21 11:59:58 web01 app[7]: " + word + " one\n")
                            .getBytes(StandardCharsets.UTF_8));
              }
            });
    return program;
  }
}
