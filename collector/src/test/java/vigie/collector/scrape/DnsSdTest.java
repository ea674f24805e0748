package vigie.collector.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.dns.DnsMessage;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.ManualClock;

/** Against a server on the loopback, over UDP and TCP. */
class DnsSdTest {
  private static final int PATIENCE_MILLIS = 60_000;
  private static final int TRUNCATED = 0x0200;
  private static final int SERVFAIL = 2;
  private static final int NXDOMAIN = 3;

  /** What is told of a name: its records' bytes, their number and flags. */
  private record Known(int flags, int count, byte[] records, byte[] overTcp) {}

  @TempDir Path dir;
  private final Map<String, Known> names = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ManualClock clock = new ManualClock();
  private final EventLoops loops = EventLoops.nio(1, "test");
  private DatagramSocket udp;
  private ServerSocket tcp;
  private DnsResolver resolver;
  private volatile Duration trickle = Duration.ZERO;

  @BeforeEach
  void serve() throws IOException {
    while (udp == null) {
      tcp = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
      try {
        udp = new DatagramSocket(tcp.getLocalPort(), InetAddress.getByName("127.0.0.1"));
      } catch (BindException taken) {
        tcp.close(); // by somebody else, as a datagram port
      }
    }
    threads.execute(this::overUdp);
    threads.execute(this::overTcp);
    resolver =
        new DnsResolver(
            Files.writeString(
                dir.resolve("resolv.conf"),
                "# hand-made\nsearch example.org\noptions timeout:1 ndots:1\nnameserver 127.0.0.1\n"),
            tcp.getLocalPort(),
            PATIENCE_MILLIS,
            clock);
  }

  @AfterEach
  void stop() throws IOException {
    udp.close();
    tcp.close();
    threads.shutdownNow();
    loops.close();
  }

  private void overUdp() {
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[512], 512);
        udp.receive(packet);
        byte[] query = java.util.Arrays.copyOf(packet.getData(), packet.getLength());
        byte[] stray = answer(query, false);
        stray[0]++;
        udp.send(new DatagramPacket(stray, stray.length, packet.getSocketAddress()));
        byte[] answer = answer(query, false);
        udp.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      }
    } catch (IOException closed) {
      // the end of the test
    }
  }

  private void overTcp() {
    try {
      while (true) {
        try (Socket peer = tcp.accept()) {
          DataInputStream in = new DataInputStream(peer.getInputStream());
          byte[] query = new byte[in.readUnsignedShort()];
          in.readFully(query);
          byte[] answer = answer(query, true);
          DataOutputStream out = new DataOutputStream(peer.getOutputStream());
          out.writeShort(answer.length);
          for (byte each : answer) {
            clock.advance(trickle);
            out.write(each);
          }
        }
      }
    } catch (IOException closed) {
      // the end of the test
    }
  }

  private byte[] answer(byte[] query, boolean whole) {
    try {
      int end = 12;
      while (query[end] != 0) {
        end += query[end] + 1;
      }
      end += 5;
      StringBuilder name = new StringBuilder();
      for (int at = 12; query[at] != 0; at += query[at] + 1) {
        name.append(
                new String(query, at + 1, query[at], java.nio.charset.StandardCharsets.US_ASCII))
            .append('.');
      }
      Known known =
          names.getOrDefault(name.toString(), new Known(NXDOMAIN, 0, new byte[0], new byte[0]));
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.write(query, 0, 2);
      out.writeShort(0x8180 | (whole ? known.flags & 0xF : known.flags));
      out.writeShort(1);
      out.writeShort(known.count);
      out.writeInt(0);
      out.write(query, 12, end - 12);
      out.write(whole ? known.overTcp : known.records);
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] record(int type, byte[] data) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[] {(byte) 0xC0, 12, 0, (byte) type, 0, 1, 0, 0, 0, 60, 0});
    bytes.write(data.length);
    bytes.writeBytes(data);
    return bytes.toByteArray();
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      bytes.writeBytes(part);
    }
    return bytes.toByteArray();
  }

  private static byte[] numbers(int... numbers) {
    byte[] bytes = new byte[numbers.length * 2];
    for (int i = 0; i < numbers.length; i++) {
      bytes[2 * i] = (byte) (numbers[i] >>> 8);
      bytes[2 * i + 1] = (byte) numbers[i];
    }
    return bytes;
  }

  private Discovery open(String yaml) {
    Faults faults = new Faults();
    ScrapeConfig job =
        ScrapeConfig.readAll(
                Yaml.parse(
                    Path.of("c.yaml"),
                    "scrape_configs: [{job_name: j, dns_sd_configs: [" + yaml + "]}]",
                    Map.of(),
                    faults))
            .get(0);
    faults.throwIfAny();
    Discovery discovery =
        job.discoveries()
            .get(0)
            .open(new Discovery.Tools(loops, Runnable::run, Lookup.SYSTEM, resolver, clock, clock));
    clock.advance(Duration.ofMillis(1));
    return discovery;
  }

  private static List<String> texts(Discovery discovery) {
    return discovery.groups().stream().map(g -> g.targets() + " " + g.labels()).toList();
  }

  @Test
  void givenEachType_whenLookedUp_thenTargetsWithTheirLabels() {
    byte[] host = DnsMessage.name("h.example.org.");
    names.put(
        "_m._tcp.example.org.",
        new Known(0, 1, record(33, joined(numbers(10, 20, 9100), host)), new byte[0]));
    names.put(
        "mx.example.org.", new Known(0, 1, record(15, joined(numbers(5), host)), new byte[0]));
    names.put("ns.example.org.", new Known(0, 1, record(2, host), new byte[0]));
    names.put(
        "a.example.org.",
        new Known(0, 2, joined(record(5, host), record(1, new byte[] {10, 0, 0, 7})), new byte[0]));
    byte[] six = new byte[16];
    six[15] = 1;
    names.put("aaaa.example.org.", new Known(0, 1, record(28, six), new byte[0]));

    assertThat(texts(open("{names: [_m._tcp.example.org]}")))
        .containsExactly(
            "[h.example.org:9100] {__meta_dns_name=\"_m._tcp.example.org\","
                + " __meta_dns_srv_record_port=\"9100\","
                + " __meta_dns_srv_record_target=\"h.example.org.\"}");
    assertThat(texts(open("{names: [mx], type: MX, port: 9}")))
        .containsExactly(
            "[h.example.org:9] {__meta_dns_mx_record_target=\"h.example.org.\", __meta_dns_name=\"mx\"}");
    assertThat(texts(open("{names: [ns.example.org.], type: ns, port: 9}")))
        .containsExactly(
            "[h.example.org:9] {__meta_dns_name=\"ns.example.org.\","
                + " __meta_dns_ns_record_target=\"h.example.org.\"}");
    assertThat(texts(open("{names: [a.example.org], type: A, port: 9}")))
        .containsExactly("[10.0.0.7:9] {__meta_dns_name=\"a.example.org\"}");
    assertThat(texts(open("{names: [aaaa.example.org], type: AAAA, port: 9}")))
        .containsExactly("[[::1]:9] {__meta_dns_name=\"aaaa.example.org\"}");
  }

  @Test
  void givenTruncatedAnswer_whenLookedUp_thenAskedAgainOverTcp() {
    byte[] many = joined(record(1, new byte[] {10, 0, 0, 1}), record(1, new byte[] {10, 0, 0, 2}));
    names.put("a.example.org.", new Known(TRUNCATED, 2, new byte[0], many));
    assertThat(open("{names: [a.example.org], type: A, port: 9}").groups()).hasSize(2);
  }

  @Test
  void givenAnswerThatTricklesIn_whenAskedOverTcp_thenItIsGivenUpInTime() {
    byte[] many = joined(record(1, new byte[] {10, 0, 0, 1}), record(1, new byte[] {10, 0, 0, 2}));
    names.put("a.example.org.", new Known(TRUNCATED, 2, new byte[0], many));
    trickle = Duration.ofSeconds(20); // each byte, well within the patience for one

    assertThatThrownBy(() -> resolver.lookup("a.example.org.", 1))
        .hasMessageEndingWith("127.0.0.1 does not answer");
  }

  @Test
  void givenServerThatFails_whenLookedUpAgain_thenTheLastTargetsStayUntilTheNameIsGone() {
    Known good = new Known(0, 1, record(1, new byte[] {10, 0, 0, 1}), new byte[0]);
    names.put("a.example.org.", good);
    Discovery discovery = open("{names: [a.example.org], type: A, port: 9, refresh_interval: 10s}");
    assertThat(discovery.groups()).hasSize(1);
    names.put("a.example.org.", new Known(SERVFAIL, 0, new byte[0], new byte[0]));
    clock.advance(Duration.ofSeconds(10));
    assertThat(discovery.groups()).hasSize(1);
    names.remove("a.example.org.");
    clock.advance(Duration.ofSeconds(10));
    assertThat(discovery.groups()).isEmpty();
  }

  @Test
  void givenFaults_whenRead_thenEachIsNamed() {
    assertThatThrownBy(() -> open("{type: X, port: 0}"))
        .hasMessageContaining("type \"X\" is none of A, AAAA, SRV, MX, NS")
        .hasMessageContaining("names is missing")
        .hasMessageContaining("port is missing");
  }
}
