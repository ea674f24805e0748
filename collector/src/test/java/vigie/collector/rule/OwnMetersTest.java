package vigie.collector.rule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import vigie.base.config.Globs;

/** Every queue, drop, lag and retry that the programs tell of has a rule in alert-rules. */
class OwnMetersTest {
  private static final Path ROOT = Path.of(System.getProperty("vigie.root", "..")).toAbsolutePath();
  private static final Pattern METER = Pattern.compile("\"vigie\\.([a-z.]+)\"");

  /** Those that only tell how much there is or goes on; more or less of it is no fault. */
  private static final Set<String> HARMLESS =
      Set.of(
          "acknowledgements",
          "agent.scrape",
          "alerts",
          "alerts.posted",
          "alerts.posts",
          "bot.actions",
          "build.info",
          "card.pictures",
          "dispatch.groups",
          "dispatch.notifications",
          "event.days.dropped",
          "event.log.records",
          "event.log.sync",
          "event.store.bytes",
          "event.stream.cut",
          "event.stream.skipped",
          "event.streams",
          "events.duplicate",
          "events.elsewhere",
          "events.taken",
          "facts.cpu.seconds",
          "facts.refreshes",
          "files.followed",
          "history.bytes",
          "log.folded",
          "log.matches",
          "log.value",
          "node.labels",
          "outbox.fallbacks",
          "probe.runs",
          "push.pending.bytes",
          "push.sent",
          "receive.limit",
          "receive.partial.bytes",
          "receive.source.bytes",
          "receive.source.records",
          "relp.answered",
          "relp.bytes",
          "relp.empty",
          "relp.records",
          "relp.sessions",
          "remote.read.queries",
          "remote.write.pending",
          "remote.write.retries",
          "remote.write.samples",
          "remotewrite.samples",
          "rule.evaluations",
          "rule.group.duration",
          "rule.group.triggered",
          "rules",
          "samples.appended",
          "samples.blocks",
          "samples.disk",
          "samples.memory",
          "samples.oldest.timestamp",
          "series",
          "series.limit",
          "ship.acknowledged",
          "ship.bytes",
          "ship.sent",
          "ship.sessions",
          "silences",
          "source.bytes",
          "source.lines",
          "spool.records.in",
          "spool.records.out",
          "spool.syncs",
          "syslog.connections",
          "syslog.empty",
          "syslog.forward.sent",
          "syslog.messages",
          "syslog.routed.away",
          "web.sessions",
          "web.stream.cut",
          "web.streams");

  @Test
  void givenMetersOfTheSources_whenLookedUpInTheRules_thenEachHasOneOrIsHarmless()
      throws IOException {
    StringBuilder rules = new StringBuilder();
    for (Path file : Globs.find(ROOT.resolve("alert-rules"), "*[!t].yml")) {
      rules.append(Files.readString(file));
    }
    Set<String> without = new TreeSet<>();
    for (String module : List.of("agent", "collector", "base")) {
      for (String meter : metersOf(ROOT.resolve(module).resolve("src/main/java"))) {
        if (!HARMLESS.contains(meter)
            && !rules.toString().contains("vigie_" + meter.replace('.', '_'))) {
          without.add("vigie." + meter);
        }
      }
    }
    assertThat(without)
        .as("write a rule and its test into alert-rules/vigie.yml, or add it to HARMLESS here")
        .isEmpty();
  }

  private static Set<String> metersOf(Path sources) throws IOException {
    Set<String> meters = new TreeSet<>();
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        METER
            .matcher(Files.readString(file))
            .results()
            .forEach(found -> meters.add(found.group(1)));
      }
    }
    return meters;
  }
}
