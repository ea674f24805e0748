package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import vigie.base.net.Addresses;
import vigie.base.syslog.SyslogWriter;
import vigie.base.time.Clock;

/** {@code collector drill}. */
@Command(
    name = "drill",
    description = {
      "Sends a marked event through the real path: RELP, rule, route, outbox, card; prints the time of"
          + " each hop. Its card says that it is a drill and pings nobody, and ends as resolved.",
      "Exit code 0: it passed; 1: it did not."
    },
    footer = {
      "",
      "Examples:",
      "  collector drill",
      "  collector drill --with severity=critical --with team=db   (goes the way of such an alert)",
      "  collector drill --every 24h   (from a timer: alerts when none has passed for a day and a half)"
    })
final class DrillCommand implements Callable<Integer> {
  private static final int LOCAL0_NOTICE = 16 * 8 + 5;
  private static final Duration LOOK_EVERY = Duration.ofMillis(50);

  /** The collector ends a drill by itself when its time is over. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private static final Map<String, String> WORDS =
      Map.of(
          "rule", "rule fires",
          "route", "route finds receivers",
          "outbox", "card wanted, on disk",
          "card", "card is there",
          "resolved", "alert resolved",
          "closed", "card shows the end");

  @Mixin Printing print = new Printing();

  @Option(
      names = "--relp",
      paramLabel = "HOST:PORT",
      description = "where RELP listens without TLS (default: what the collector says)")
  @Nullable String relp;

  @Option(
      names = "--with",
      paramLabel = "LABEL=VALUE",
      description = "a label of the drill's alert, for routes; may be given several times")
  Map<String, String> labels = new LinkedHashMap<>();

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      description = "give up after (default: 60s, at most 4m)")
  String timeout = "60s";

  @Option(
      names = "--every",
      paramLabel = "DURATION",
      description = "how often a timer runs this: the collector then alerts where none passes")
  String every = "";

  private final ArrayNode hops = JsonNodeFactory.instance.arrayNode();
  private final Clock clock = Clock.system();
  private final String id = UUID.randomUUID().toString().substring(0, 8);
  private long begunNanos;
  private double lastSeconds;

  @Override
  public Integer call() throws InterruptedException {
    Duration limit = AlertsCommand.duration(timeout);
    if (!every.isEmpty()) {
      AlertsCommand.duration(every);
    }
    Client client = print.client();
    InetSocketAddress to = address(client);
    begunNanos = clock.nanos();
    try (RelpSender sender = new RelpSender(to)) {
      hop("connected", elapsed(), Addresses.format(to));
      sender.open("vigie-drill,1,vigie");
      hop("session open", elapsed(), "");
      sender.send(record());
    } catch (IOException e) {
      throw new CliException(
          3,
          "cannot send to RELP at "
              + Addresses.format(to)
              + ": "
              + e.getMessage()
              + "; another address: --relp HOST:PORT");
    }
    double stored = elapsed();
    hop("event stored", stored, "acknowledged");
    JsonNode drill = await(client, limit.plus(GRACE));
    for (JsonNode each : drill.path("hops")) {
      String name = each.path("hop").asText();
      String word = WORDS.get(name);
      if (word != null) {
        // The collector counts from when the event was received: just before it was acknowledged.
        double at = Math.max(lastSeconds, stored + each.path("afterSeconds").asDouble());
        hop(word, at, each.path("detail").asText());
      }
    }
    return report(drill);
  }

  private InetSocketAddress address(Client client) {
    JsonNode known = client.get("/api/vigie/drills", new Client.Parameters());
    InetSocketAddress at;
    try {
      at = Addresses.parse(relp != null ? relp : known.path("relp").asText());
    } catch (IllegalArgumentException e) {
      throw new CliException(2, "--relp " + e.getMessage());
    }
    String host = at.getHostString();
    if (host.equals("0.0.0.0") || host.equals("::") || host.equals("[::]")) {
      host = URI.create(client.url()).getHost();
    }
    return new InetSocketAddress(host, at.getPort());
  }

  private byte[] record() {
    SyslogWriter writer = new SyslogWriter();
    String pid = Long.toString(ProcessHandle.current().pid());
    writer
        .begin(LOCAL0_NOTICE, clock.now(), "drill", "vigie", pid, "drill.begin")
        .element("vigie@32473")
        .param("node", "drill")
        .param("type", "drill.begin")
        .param("drill", id)
        .param("timeout", timeout);
    if (!every.isEmpty()) {
      writer.param("every", every);
    }
    labels.forEach((name, value) -> writer.param("label_" + name, value));
    return writer.end("drill " + id + ": the way from an event to a card is tested");
  }

  private JsonNode await(Client client, Duration limit) throws InterruptedException {
    Ticker ticker = new Ticker(LOOK_EVERY);
    JsonNode drill = JsonNodeFactory.instance.objectNode();
    while (clock.nanos() - begunNanos < limit.toNanos()) {
      try {
        drill = client.get("/api/vigie/drills/" + id, new Client.Parameters());
      } catch (CliException e) {
        if (e.exitCode() != 1) {
          throw e;
        }
        // Stored, and not told to the drills yet.
      }
      if (!drill.path("state").asText("running").equals("running")) {
        return drill;
      }
      ticker.await();
    }
    return drill;
  }

  private double elapsed() {
    return (clock.nanos() - begunNanos) / 1e9;
  }

  private void hop(String name, double at, String detail) {
    ObjectNode hop = hops.addObject();
    hop.put("hop", name);
    hop.put("afterSeconds", Math.round(at * 1e6) / 1e6);
    hop.put("tookSeconds", Math.round((at - lastSeconds) * 1e6) / 1e6);
    hop.put("detail", detail);
    lastSeconds = at;
  }

  private int report(JsonNode drill) {
    boolean passed = drill.path("state").asText().equals("passed");
    String failure =
        passed ? "" : drill.path("failure").asText("the collector did not say how it ended");
    ObjectNode data = JsonNodeFactory.instance.objectNode();
    data.put("drill", id);
    data.put("passed", passed);
    data.put("failure", failure);
    data.put("tookSeconds", Math.round(lastSeconds * 1e6) / 1e6);
    data.set("hops", hops);
    Table table = new Table(List.of("HOP", "AFTER", "TOOK", "DETAIL"));
    for (JsonNode hop : hops) {
      table.add(
          List.of(
              hop.path("hop").asText(),
              millis(hop.path("afterSeconds")),
              millis(hop.path("tookSeconds")),
              hop.path("detail").asText()));
    }
    print.print(table, data, "");
    if (print.isTable()) {
      print
          .out()
          .println(passed ? "drill " + id + " passed" : "drill " + id + " FAILED: " + failure);
      print.out().flush();
    }
    return passed ? 0 : 1;
  }

  private static String millis(JsonNode seconds) {
    return String.format(Locale.ROOT, "%.1f ms", seconds.asDouble() * 1e3);
  }
}
