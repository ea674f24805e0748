package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/** A real name server, NSD, and what the real blackbox_exporter makes of its answers. */
class DnsIT {
  private static final Path PEERS =
      Path.of(System.getProperty("vigie.root", ".."), "target/peers/bin").toAbsolutePath();
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final List<String> TYPES =
      List.of(
          "SOA",
          "NS",
          "A",
          "AAAA",
          "MX",
          "TXT",
          "CAA",
          "SRV",
          "NAPTR",
          "PTR",
          "CNAME",
          "HINFO",
          "SSHFP",
          "TLSA",
          "DS",
          "DNSKEY",
          "NSEC",
          "RRSIG",
          "URI",
          "DNAME",
          "NSEC3PARAM",
          "RP",
          "AFSDB",
          "SVCB",
          "HTTPS",
          "OPENPGPKEY");
  private static final String ZONE =
      """
      $ORIGIN example.org.
      $TTL 300
      @ SOA ns hostmaster 2026112101 7200 3600 1209600 3600
      @ NS ns
      ns A 127.0.0.1
      t A 192.0.2.1
      t AAAA 2001:db8::1:0:0:1
      t AAAA ::ffff:192.0.2.9
      t MX 10 mail
      t TXT "one \\"quoted\\"" "two\\\\ \\195\\164;"
      t CAA 0 issue "ca.example; policy=ev"
      t SRV 10 5 5060 sip
      t NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.org!" .
      t PTR odd\\.label.example.org.
      t HINFO "PI" "LINUX"
      t SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
      t TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
      t DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
      t DNSKEY 256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8no
      t NSEC u.example.org. A MX RRSIG NSEC TYPE1234
      t RRSIG A 5 3 86400 20300322173103 20260220173103 2642 example.org. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTr
      t URI 10 1 "https://example.org/a"
      t NSEC3PARAM 1 0 12 aabbccdd
      t RP admin.example.org. txt.example.org.
      t AFSDB 1 afs.example.org.
      t SVCB 1 svc.example.org. alpn="h2,h3" port=8443 ipv4hint=192.0.2.1,192.0.2.2
      t HTTPS 1 . alpn="h2" ipv6hint=2001:db8::1
      t OPENPGPKEY AQPSKmynfzW4kyBv
      t TYPE65280 \\# 3 abcdef
      c CNAME t
      d DNAME other.example.
      """;

  private final Tools tools = new Tools();
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Process> processes = new ArrayList<>();
  private int port;
  private int tlsPort;
  private Certificates certificates;
  @TempDir Path folder;

  @BeforeEach
  void startServer() throws IOException {
    port = Ports.free();
    tlsPort = Ports.free();
    certificates = new Certificates(Files.createDirectory(folder.resolve("tls")));
    Certificates.Pem pem = certificates.serverPem("dns:ns.test,ip:127.0.0.1", "-1d", 30);
    Files.writeString(folder.resolve("example.org.zone"), ZONE + big());
    Files.writeString(
        folder.resolve("nsd.conf"),
        """
        server:
          ip-address: 127.0.0.1@PORT
          ip-address: 127.0.0.1@TLS
          port: PORT
          tls-port: TLS
          tls-service-key: "KEY"
          tls-service-pem: "CHAIN"
          username: ""
          chroot: ""
          database: ""
          zonesdir: "DIR"
          zonelistfile: "DIR/zone.list"
          xfrdfile: "DIR/xfrd.state"
          xfrdir: "DIR"
          pidfile: ""
          server-count: 1
          minimal-responses: yes
        remote-control:
          control-enable: no
        zone:
          name: example.org
          zonefile: example.org.zone
        """
            .replace("PORT", String.valueOf(port))
            .replace("TLS", String.valueOf(tlsPort))
            .replace("KEY", pem.key().toString())
            .replace("CHAIN", pem.chain().toString())
            .replace("DIR", folder.toString()));
    start("nsd", "-d", "-c", folder.resolve("nsd.conf").toString());
    await().atMost(PATIENCE).until(() -> Tools.words(ask("SOA", "example.org", "")).equals("up"));
  }

  @AfterEach
  void close() {
    for (Process each : processes) {
      each.descendants().forEach(ProcessHandle::destroyForcibly);
      each.destroyForcibly();
    }
    tools.close();
  }

  @Test
  void givenServer_whenAsked_thenItsSerialAndRecords() {
    ProbeResult result = ask("SOA", "example.org", "transport_protocol: tcp");
    assertThat(Tools.words(result)).isEqualTo("up");
    assertThat(Tools.value(result, "probe_dns_serial")).isEqualTo(2026112101);
    assertThat(Tools.words(ask("A", "none.example.org", "")))
        .isEqualTo("the server answered NXDOMAIN, wanted NOERROR");
    assertThat(Tools.words(ask("A", "example.com", "")))
        .isEqualTo("the server answered REFUSED, wanted NOERROR");
  }

  @Test
  void givenServerOfDnsOverTls_whenAsked_thenUpByItsCertificateAndElseDown() throws Exception {
    ProbeResult up = askOverTls("tls_config: {ca_file: " + certificates.ca() + "}");
    assertThat(Tools.words(up)).isEqualTo("up");
    assertThat(Tools.value(up, "probe_dns_serial")).isEqualTo(2026112101);
    assertThat(Tools.words(askOverTls("")))
        .isEqualTo(
            "certificate of ns.test is not trusted: no known authority stands behind its issuer"
                + " CN=Test CA,O=Vigie");
    assertThat(
            Tools.words(
                askOverTls(
                    "tls_config: {ca_file: " + certificates.ca() + ", server_name: other.test}")))
        .isEqualTo("certificate is for ns.test, 127.0.0.1, not for other.test");
  }

  @Test
  void givenServerOfDnsOverTls_whenBlackboxExporterAsks_thenItsMeasuresAreOurs() throws Exception {
    int exporter = startExporter();
    String text = get(exporter, "/probe?module=tls&target=127.0.0.1:" + tlsPort);
    TreeSet<String> theirs = new TreeSet<>();
    for (String line : text.lines().filter(l -> l.startsWith("probe_")).toList()) {
      theirs.add(line.split("[{ ]", 2)[0]);
    }
    theirs.removeAll(List.of("probe_success", "probe_duration_seconds"));
    ProbeResult ours = askOverTls("tls_config: {ca_file: " + certificates.ca() + "}");
    assertThat(text).contains("probe_success 1");
    assertThat(ours.samples().stream().map(s -> s.measure().name())).containsAll(theirs);
  }

  private ProbeResult askOverTls(String keys) {
    String yaml =
        "query_type: SOA\nquery_name: example.org\ntransport_protocol: tcp\ndns_over_tls: true\n"
            + keys;
    return tools.run(Tools.read(DnsModule::read, yaml), "127.0.0.1:" + tlsPort, LONG);
  }

  @Test
  void givenLargeAnswer_whenByUdp_thenItIsCutShortAndOverTcpWhole() {
    assertThat(Tools.value(ask("A", "big.example.org", ""), "probe_dns_answer_rrs"))
        .isLessThan(100);
    assertThat(tools.steps).contains("answered NOERROR, truncated");
    ProbeResult whole = ask("A", "big.example.org", "transport_protocol: tcp");
    assertThat(Tools.value(whole, "probe_dns_answer_rrs")).isEqualTo(100);
  }

  @Test
  void givenCommonTypes_whenAsked_thenTheTextIsTheOneThatBlackboxExporterMatches()
      throws Exception {
    int exporter = startExporter();
    for (String type : TYPES) {
      String name = nameFor(type);
      ask(type, name, "transport_protocol: tcp");
      assertThat(new TreeSet<>(records(tools.steps)))
          .as(type)
          .isNotEmpty()
          .isEqualTo(new TreeSet<>(exporterRecords(exporter, type)));
    }
  }

  private static String nameFor(String type) {
    return switch (type) {
      case "SOA", "NS" -> "example.org";
      case "CNAME" -> "c.example.org";
      case "DNAME" -> "d.example.org";
      default -> "t.example.org";
    };
  }

  private static List<String> records(List<String> steps) {
    return steps.stream().filter(s -> s.startsWith("got ")).map(s -> s.substring(4)).toList();
  }

  private ProbeResult ask(String type, String name, String keys) {
    String yaml = "query_type: " + type + "\nquery_name: " + name + "\n" + keys;
    return tools.run(Tools.read(DnsModule::read, yaml), "127.0.0.1:" + port, LONG);
  }

  private int startExporter() throws IOException {
    StringBuilder config = new StringBuilder("modules:\n");
    for (String type : TYPES) {
      config.append(
          String.format(
              "  %s: {prober: dns, timeout: 5s, dns: {query_name: %s, query_type: %s,"
                  + " transport_protocol: tcp}}%n",
              type, nameFor(type), type));
    }
    config.append(
        "  tls: {prober: dns, timeout: 5s, dns: {query_name: example.org, query_type: SOA,"
            + " transport_protocol: tcp, dns_over_tls: true, tls_config: {ca_file: "
            + certificates.ca()
            + "}}}\n");
    Path file = Files.writeString(folder.resolve("blackbox.yml"), config);
    int listen = Ports.free();
    start(
        "blackbox_exporter3",
        "--config.file=" + file,
        "--web.listen-address=127.0.0.1:" + listen,
        "--log.prober=debug");
    await().atMost(PATIENCE).ignoreExceptions().until(() -> !get(listen, "/-/healthy").isEmpty());
    return listen;
  }

  /** Out of its log: {@code msg="Validating RR" … rr="t.example.org.\t300\tIN\tA\t192.0.2.1"}. */
  private List<String> exporterRecords(int exporter, String type) throws Exception {
    String log = get(exporter, "/probe?debug=true&module=" + type + "&target=127.0.0.1:" + port);
    List<String> records = new ArrayList<>();
    for (String line : log.lines().toList()) {
      int at = line.indexOf(" rr=\"");
      if (line.contains("msg=\"Validating RR\"") && at > 0) {
        String quoted = line.substring(at + 5, line.lastIndexOf('"'));
        records.add(quoted.replace("\\t", " ").replace("\\\"", "\"").replace("\\\\", "\\"));
      }
    }
    assertThat(records).as("%s in%n%s", type, log).isNotEmpty();
    return records;
  }

  private String get(int of, String path) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + of + path);
    return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private void start(String program, String... arguments) throws IOException {
    Path path = PEERS.resolve(program);
    assertThat(path)
        .as("%s is missing; get it with: deploy/peers.sh install target/peers", path)
        .exists();
    List<String> command = new ArrayList<>(List.of(path.toString()));
    command.addAll(List.of(arguments));
    processes.add(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(program + ".log").toFile())
            .start());
  }

  private static String big() {
    StringBuilder zone = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      zone.append("big A 10.0.0.").append(i).append('\n');
    }
    return zone.toString();
  }
}
